"""Uploads a folder to the Hugging Face hub. The token is the client's own affair: it is neither asked for nor kept."""

from dataclasses import dataclass
from pathlib import Path

from ganzoo.errors import UsageError
from ganzoo.pushing.pictures import FOLDER
from ganzoo.trained.hub import api, quiet, refuse


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """The commit that has the files now, and its address."""

    commit: str
    address: str
    private: bool


def check_may(repository: str) -> None:
    """Raises UsageError unless there is a token that the hub accepts: before minutes of work are lost."""
    client = api()
    from huggingface_hub import get_token

    if get_token() is None:
        raise UsageError(f"to push to '{repository}' log in (hf auth login), or set HF_TOKEN; --dry-run needs neither")
    with quiet():
        try:
            client.whoami()
        except Exception as error:  # dozens of types, by the network's library and its version
            refuse(error, repository, "main")


def upload(folder: Path, repository: str, *, private: bool = False, revision: str = "", message: str = "") -> Uploaded:
    """Uploads the folder as one commit; the repository and the branch `revision` are made where there are none.

    Older sample pictures are removed, other files of the repository stay. Raises UsageError for what the hub refuses,
    and for a repository that is public where a private one is asked for: then nothing is uploaded.
    """
    client = api()
    with quiet():
        try:
            client.create_repo(repository, private=private or None, exist_ok=True)
            hidden = bool(client.model_info(repository).private)
            if private and not hidden:
                raise UsageError(f"'{repository}' exists and is public: nothing was uploaded; leave out --private")
            if revision:
                client.create_branch(repository, branch=revision, exist_ok=True)
            done = client.upload_folder(
                repo_id=repository,
                folder_path=folder,
                revision=revision or None,
                commit_message=message or "Upload by ganzoo",
                delete_patterns=[f"{FOLDER}/*"],
            )
        except Exception as error:
            refuse(error, repository, revision or "main")
    return Uploaded(commit=done.oid, address=f"{client.endpoint}/{repository}", private=hidden)
