"""A folder with links that lead out of it, and targets that lead out of it."""

from __future__ import annotations

from pathlib import Path

from climb.projects.http.rules.targets import PLAIN_PATH, encoded

__all__ = ["SECRET", "links", "ways_out"]

SECRET = b"the secret beside ROOT"


def links(root: Path, name: str) -> None:
    """Symbolic links below ROOT: some lead outside, one of them by way of another, two to nothing, and three stay inside."""
    beside = root.parent / "root-beside"
    beside.mkdir()
    (beside / "secret.txt").write_bytes(SECRET)
    (root / f"broken-{name}").symlink_to("missing")
    (root / f"loop-{name}").symlink_to(f"loop-{name}")
    (root / "trap").mkdir()
    (root / "trap/index.html").symlink_to("../../secret.txt")
    (root / f"out-{name}").symlink_to(root.parent / "secret.txt")
    (root / f"beside-{name}").symlink_to("../root-beside")
    (root / f"chain-{name}").symlink_to(f"out-{name}")
    (root / f"to-file-{name}").symlink_to("a/b/inside.txt")
    (root / f"to-folder-{name}").symlink_to(root / "a/b")
    (root / f"a/up-{name}.txt").symlink_to(f"../{name}.txt")


def ways_out(secret: Path, name: str, depth: int) -> list[str]:
    """Targets that lead to a secret outside ROOT, or have segments that name no file."""
    up = "/files" + "/a" * depth
    whole = encoded(str(secret), PLAIN_PATH)
    return [
        "/files/../secret.txt",
        f"{up}/" + "../" * (depth + 1) + "secret.txt",
        "/files/%2e%2e/secret.txt",
        "/files/.%2E/secret.txt",
        "/files/..%2fsecret.txt",
        "/files/%2e%2e%2Fsecret.txt",
        "/files/a%2Fb%2Finside.txt",
        f"/files/{whole}",
        f"/files/{encoded(str(secret))}",
        f"/files/out-{name}",
        f"/files/chain-{name}",
        f"/files/beside-{name}/secret.txt",
        "/files/trap/",
        f"/files/broken-{name}",
        f"/files/loop-{name}",
        f"/files/./{name}.txt",
        f"/files/a/../{name}.txt",
        f"/files/%2e/{name}.txt",
        f"/files/{name}.txt%00",
        f"/files/{name}.txt%00.html",
        "/files/..",
        "/files/%2e%2e",
        f"/files/../root/{name}.txt",
    ]
