"""A hub of models on the loopback address: as much of its interface as a push and a pull need, with a log of both."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

TOKEN = "hf_plantedtokenthatnobodymaysee"
OTHER_TOKEN = "hf_anothertokenthatisnotaccepted"
UNLOGGED = ("/api/agent-harnesses", "/api/validate-yaml")
"""What versions of the client ask for more or less often, and what says nothing of the files."""
_API = re.compile(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree|preupload|commit|branch)/([^/?]+))?")
_FILE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass
class Repository:
    """Commits by their hashes, each with its files, and the branches. `claims` are what is said of a file instead."""

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    claims: dict[str, dict[str, Any]] = field(default_factory=dict)

    def commit(self, branch: str, files: Mapping[str, bytes]) -> str:
        """Moves the branch to a new commit with these files, and gives its hash."""
        digest = hashlib.sha1(f"{len(self.commits)}/{branches(self)}".encode())
        for name, content in sorted(files.items()):
            digest.update(name.encode() + b"\0" + content)
        self.commits[digest.hexdigest()] = dict(files)
        self.branches[branch] = digest.hexdigest()
        return digest.hexdigest()

    def resolve(self, revision: str) -> str | None:
        return self.branches.get(revision) or (revision if revision in self.commits else None)


def branches(repository: Repository) -> str:
    return json.dumps(repository.branches, sort_keys=True)


class FakeHub:
    """What is stored, and the lines of the log: method, path, status and whether the token was sent."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}
        self.log: list[str] = []
        self.sent_tokens: list[str] = []
        self.broken = 0
        """A status that is the answer to everything, with the token in its message."""
        self.address = ""

    def put(self, name: str, files: Mapping[str, bytes], **claims: dict[str, Any]) -> str:
        """A repository that somebody else has filled."""
        found = self.repositories.setdefault(name, Repository())
        found.claims.update({key.replace("__", "."): value for key, value in claims.items()})
        return found.commit("main", files)


def is_large(name: str) -> bool:
    return name.endswith((".safetensors", ".bin"))


def listed(repository: Repository, name: str, content: bytes) -> dict[str, Any]:
    """What the hub says of a file."""
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": git_hash(content)}
    if is_large(name):
        entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return {**entry, **repository.claims.get(name, {})}


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """The log is the hub's own."""

    def do_GET(self) -> None:
        self.answer_to(self.got)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self.answer_to(self.posted)

    def do_PUT(self) -> None:
        self.answer_to(self.put)

    # ----- what all requests have in common

    def answer_to(self, find: Any) -> None:
        self.body = (
            self.rfile.read(int(self.headers.get("Content-Length") or 0)) if not self.is_chunked else self.read()
        )
        self.path = unquote(urlsplit(self.path).path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.known = token == TOKEN
        if token:
            self.hub.sent_tokens.append(token)
        if self.hub.broken:
            self.refuse(self.hub.broken, "Broken", f"odd things happened to Bearer {token}")
        elif token and not self.known:
            self.refuse(401, "", f"Invalid credentials: {token}")
        else:
            find()

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding") == "chunked"

    def read(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def give(self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        if self.path not in UNLOGGED:
            self.hub.log.append(f"{self.command} {self.path} {status}{' with a token' if self.known else ''}")
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def json(self, value: object, status: int = 200) -> None:
        self.give(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def refuse(self, status: int, code: str, message: str) -> None:
        self.give(status, b"", {**({"X-Error-Code": code} if code else {}), "X-Error-Message": message})

    def repository(self, name: str) -> Repository | None:
        """The repository, unless it is private and nobody known asks; then the refusal is given."""
        found = self.hub.repositories.get(name)
        if found is None or (found.private and not self.known):
            self.refuse(404 if self.known else 401, "RepoNotFound", "Repository not found")
            return None
        return found

    def commit_of(self, repository: Repository, revision: str) -> str | None:
        commit = repository.resolve(revision)
        if commit is None:
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    # ----- reading

    def got(self) -> None:
        if self.path == "/api/whoami-v2":
            self.json({"name": "acme", "type": "user", "orgs": []} if self.known else {}, 200 if self.known else 401)
        elif found := _FILE.fullmatch(self.path):
            self.file(*found.groups())
        elif found := _API.fullmatch(self.path):
            name, kind, revision = found.groups()
            if (repository := self.repository(name)) is None:
                return
            if kind is None and not repository.branches:
                self.json({"id": name, "private": repository.private, "siblings": []})
            elif commit := self.commit_of(repository, revision or "main"):
                files = [listed(repository, path, content) for path, content in repository.commits[commit].items()]
                if kind == "tree":
                    self.json(
                        [{"type": "file", "path": f["rfilename"], "size": f["size"], "oid": f["blobId"]} for f in files]
                    )
                else:
                    self.json({"id": name, "sha": commit, "private": repository.private, "siblings": files})
        else:
            self.give(404)

    def file(self, name: str, revision: str, path: str) -> None:
        if (repository := self.repository(name)) is None or (commit := self.commit_of(repository, revision)) is None:
            return
        content = repository.commits[commit].get(path)
        if content is None:
            self.refuse(404, "EntryNotFound", "Entry not found")
            return
        etag = hashlib.sha256(content).hexdigest() if is_large(path) else git_hash(content)
        self.give(200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": commit, "X-Linked-Size": str(len(content))})

    # ----- writing

    def posted(self) -> None:
        if self.path == "/api/validate-yaml":
            self.json({"errors": [], "warnings": []})
        elif not self.known:
            self.refuse(401, "", "Invalid username or password.")
        elif self.path == "/api/repos/create":
            self.create(json.loads(self.body))
        elif self.path.endswith("/info/lfs/objects/batch"):
            objects = json.loads(self.body)["objects"]
            upload = [
                {**one, "actions": {"upload": {"href": f"{self.hub.address}/lfs/{one['oid']}"}}} for one in objects
            ]
            self.json({"transfer": "basic", "objects": upload})
        elif (found := _API.fullmatch(self.path)) and (repository := self.repository(found[1])) is not None:
            self.change(repository, found[1], found[2], found[3])

    def create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization'] or 'acme'}/{asked['name']}"
        there = name in self.hub.repositories
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        if not there:
            self.hub.repositories[name] = Repository(private=private)
            self.hub.repositories[name].commit("main", {".gitattributes": b"*.safetensors filter=lfs\n"})
        self.json({"url": f"{self.hub.address}/{name}", "name": name}, 409 if there else 200)

    def change(self, repository: Repository, name: str, kind: str, revision: str) -> None:
        if kind == "branch":
            there = revision in repository.branches
            repository.branches.setdefault(revision, repository.branches["main"])
            self.json({}, 409 if there else 200)
        elif kind == "preupload":
            files = [one["path"] for one in json.loads(self.body)["files"]]
            modes = {path: "lfs" if is_large(path) else "regular" for path in files}
            self.json({"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]})
        elif kind == "commit" and (before := self.commit_of(repository, revision)) is not None:
            files = dict(repository.commits[before])
            for line in map(json.loads, self.body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = self.hub.large[value["oid"]]
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
            commit = repository.commit(revision, files)
            url = f"{self.hub.address}/{name}/commit/{commit}"
            self.json({"commitOid": commit, "commitUrl": url, "hookOutput": "", "success": True})

    def put(self) -> None:
        self.hub.large[self.path.removeprefix("/lfs/")] = self.body
        self.give(200)


@contextmanager
def serving() -> Iterator[FakeHub]:
    """A hub that answers until the end of the block."""
    hub = FakeHub()
    handler = type("Bound", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(hub: FakeHub, home: object) -> dict[str, str]:
    """The variables with which another process uses this hub, and no file of the user."""
    return {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}


def use(hub: FakeHub, home: object, patch: pytest.MonkeyPatch) -> None:
    """Makes this process use the hub. Its client has read the variables when it was imported."""
    constants = "huggingface_hub.constants"
    patch.setattr(f"{constants}.ENDPOINT", hub.address)
    patch.setattr(
        f"{constants}.HUGGINGFACE_CO_URL_TEMPLATE", f"{hub.address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )
    patch.setattr(f"{constants}.HF_HUB_DISABLE_XET", True, raising=False)
    patch.setattr(f"{constants}.HF_HUB_OFFLINE", False)
    patch.setattr(f"{constants}.HF_TOKEN_PATH", f"{home}/token")
    patch.setattr(f"{constants}.AGENT_HARNESSES_PATH", f"{home}/harnesses.json", raising=False)
    patch.delenv("HF_TOKEN", raising=False)
    patch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
