"""Whether files are what their manifests say, recomputed from the files alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from shared.row_blocks import leaf, root

from generator_svc.datasets.manifest import (
    FOLDER_MANIFEST,
    SUFFIX,
    FolderManifest,
    ManifestBroken,
    TableManifest,
    beside,
    read_folder,
    read_table,
)
from generator_svc.datasets.reading import Unreadable, block_texts


@dataclass(frozen=True)
class Finding:
    """What was found about a file."""

    path: Path
    ok: bool
    says: str
    """The root hash where all is well, else what is wrong."""


def verify(path: Path) -> list[Finding]:
    """Check a file, or a folder with a manifest. Raises `ManifestBroken` where there is nothing to check against."""
    if not path.is_dir():
        if path.name.endswith(SUFFIX):
            path = path.with_name(path.name.removesuffix(SUFFIX))
        return [_checked(path, read_table(beside(path)))]
    if (path / FOLDER_MANIFEST).exists():
        return list(_folder(path, read_folder(path / FOLDER_MANIFEST)))
    found = sorted(path.glob(f"*{SUFFIX}"))
    if not found:
        raise ManifestBroken(f"there is no manifest in {path}")
    return [finding for one in found for finding in verify(one)]


def folder_root(tables: Mapping[str, TableManifest], files: Mapping[str, str]) -> str:
    """One hash over the roots of the tables, by their names without suffix, and the hashes of the other files."""
    parts = {Path(name).stem: table.root for name, table in tables.items()} | dict(files)
    return sha256("".join(f"{name}\0{parts[name]}\n" for name in sorted(parts)).encode()).hexdigest()


def _folder(path: Path, manifest: FolderManifest) -> Iterator[Finding]:
    findings = [_checked(path / name, table) for name, table in manifest.tables.items()]
    findings += [_same_file(path / name, digest) for name, digest in manifest.files.items()]
    yield from findings
    found = folder_root(manifest.tables, manifest.files)
    ok = found == manifest.root and all(finding.ok for finding in findings)
    yield Finding(path, ok, found if ok else "the data set is not what its manifest says")


def _checked(path: Path, manifest: TableManifest) -> Finding:
    try:
        hashes = [leaf(text) for text in block_texts(path, manifest)]
    except Unreadable as error:
        return Finding(path, False, str(error))
    except FileNotFoundError:
        return Finding(path, False, f"{path} is not there")
    found = root([column.name for column in manifest.columns], manifest.start, hashes, manifest.rows)
    if found == manifest.root:
        return Finding(path, True, found)
    return Finding(path, False, f"the rows have root {found}, the manifest says {manifest.root}")


def _same_file(path: Path, digest: str) -> Finding:
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return Finding(path, False, f"{path} is not there")
    same = found == digest
    return Finding(path, same, found if same else f"{path} was changed after it was written")
