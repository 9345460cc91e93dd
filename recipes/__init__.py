"""How the published models are trained: `make weights` trains all of them again, `make weights NAME=oil` one."""
