"""Files of a simulated node: volumes behind drive letters, Windows' path rules and errors."""

from __future__ import annotations

import ntpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

SYSTEM, ADMINISTRATORS, USERS = "S-1-5-18", "S-1-5-32-544", "S-1-5-32-545"


class FileError(Exception):
    """A file operation that Windows refuses. `hresult` is what .NET carries for it."""

    hresult = -2147467259

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class FileMissing(FileError):
    hresult = -2147024894  # ERROR_FILE_NOT_FOUND


class FolderMissing(FileError):
    """Also for a drive that is not there: .NET answers DirectoryNotFoundException for both."""

    hresult = -2147024893  # ERROR_PATH_NOT_FOUND


class AlreadyThere(FileError):
    hresult = -2147024713  # ERROR_ALREADY_EXISTS


class SharingViolation(FileError):
    hresult = -2147024864  # ERROR_SHARING_VIOLATION


class DiskFull(FileError):
    hresult = -2147024784  # ERROR_DISK_FULL


class AccessDenied(FileError):
    hresult = -2147024891  # ERROR_ACCESS_DENIED


class PathNotSupported(FileError):
    hresult = -2146233067  # COR_E_NOTSUPPORTED


@dataclass
class File:
    """One file. `readers` are SIDs or account names that may open it; None: inherited from the folder."""

    data: bytes
    modified: datetime
    readers: frozenset[str] | None = None
    locked: bool = False


@dataclass
class Volume:
    """A formatted volume: folders and files by their lower-case path below the root, spelling kept."""

    label: str = ""
    file_system: str = "NTFS"
    size: int = 100 * 2**30
    free: int | None = None  # a test sets it to play a full disk
    drive_type: int = 3  # as Win32_LogicalDisk numbers them: 3 a fixed disk, 5 a DVD drive
    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[str, File]] = field(default_factory=dict)

    @property
    def unused(self) -> int:
        """Free bytes, as the node reports them."""
        return self.size - sum(len(file.data) for _, file in self.files.values()) if self.free is None else self.free


def normalise(path: str) -> str:
    """An absolute Windows path without `.`/`..`, doubled or trailing backslashes; spelling kept."""
    return ntpath.normpath(path.replace("/", "\\"))


class FileSystem:
    """What one node sees: each call resolves the drive letter anew, so a disk that leaves takes its files along."""

    def __init__(self, drives: Callable[[], Mapping[str, Volume]], now: Callable[[], datetime]) -> None:
        self._drives = drives  # upper-case letter -> volume
        self._now = now

    def _locate(self, path: str) -> tuple[Volume, str, str]:
        """(volume, key, spelling below the root) of an absolute path."""
        full = normalise(path)
        drive, rest = ntpath.splitdrive(full)
        if len(drive) != 2 or not rest.startswith("\\"):
            raise PathNotSupported("The given path's format is not supported.", path)
        volume = self._drives().get(drive[0].upper())
        if volume is None:
            raise FolderMissing(f"Could not find a part of the path '{full}'.", full)
        below = rest.strip("\\")
        return volume, below.lower(), below

    def is_file(self, path: str) -> bool:
        try:
            volume, key, _ = self._locate(path)
        except FileError:
            return False
        return key in volume.files

    def is_folder(self, path: str) -> bool:
        try:
            volume, key, _ = self._locate(path)
        except FileError:
            return False
        return key == "" or key in volume.folders

    def file(self, path: str) -> File:
        """The file at `path`, to look at or to lock."""
        volume, key, _ = self._locate(path)
        if key in volume.files:
            return volume.files[key][1]
        parent = key.rpartition("\\")[0]
        if parent and parent not in volume.folders:
            raise FolderMissing(f"Could not find a part of the path '{normalise(path)}'.", path)
        raise FileMissing(f"Could not find file '{normalise(path)}'.", path)

    def read(self, path: str) -> bytes:
        file = self.file(path)
        if file.locked:
            raise SharingViolation(_in_use(path), path)
        return file.data

    def write(self, path: str, data: bytes, readers: frozenset[str] | None = None) -> None:
        """Create or overwrite. The folder must be there; readers of an existing file are kept unless given."""
        volume, key, spelling = self._locate(path)
        parent = key.rpartition("\\")[0]
        if parent and parent not in volume.folders:
            raise FolderMissing(f"Could not find a part of the path '{normalise(path)}'.", path)
        if key in volume.folders or key == "":
            raise AccessDenied(f"Access to the path '{normalise(path)}' is denied.", path)
        if volume.free is not None and len(data) > volume.free:
            raise DiskFull("There is not enough space on the disk.", path)
        old = volume.files.get(key)
        if old and old[1].locked:
            raise SharingViolation(_in_use(path), path)
        if readers is None and old:
            readers = old[1].readers
        volume.files[key] = (old[0] if old else spelling, File(data, self._now(), readers))

    def free_space(self, path: str) -> int | None:
        """Free bytes on the volume of the path; None: more than anything needs."""
        return self._locate(path)[0].free

    def delete(self, path: str) -> None:
        """Remove a file; one that is not there is no error (File.Delete), a missing folder is."""
        volume, key, _ = self._locate(path)
        if key in volume.files and volume.files[key][1].locked:
            raise SharingViolation(_in_use(path), path)
        volume.files.pop(key, None)

    def replace(self, source: str, target: str) -> None:
        """`[IO.File]::Replace(source, target, $null)`: the target's content changes at once, its ACL stays."""
        moved, kept = self.file(source), self.file(target)
        if moved.locked or kept.locked:
            raise SharingViolation(_in_use(target), target)
        kept.data, kept.modified = moved.data, moved.modified
        self.delete(source)

    def make_folder(self, path: str) -> None:
        """Create the folder and its parents; one that is there is no error."""
        volume, _, spelling = self._locate(path)
        parts = spelling.split("\\") if spelling else []
        for n in range(1, len(parts) + 1):
            part = "\\".join(parts[:n])
            if part.lower() in volume.files:
                raise AlreadyThere(f"An item with the specified name {normalise(path)} already exists.", path)
            volume.folders.setdefault(part.lower(), part)

    def delete_folder(self, path: str) -> None:
        """Remove the folder with all that lies in it."""
        volume, key, _ = self._locate(path)
        if key not in volume.folders:
            raise FolderMissing(f"Could not find a part of the path '{normalise(path)}'.", path)
        for entries in (volume.files, volume.folders):
            for name in [k for k in entries if k == key or k.startswith(key + "\\")]:
                del entries[name]

    def children(self, path: str) -> list[str]:
        """Full paths of the files and folders directly in the folder, sorted."""
        volume, key, _ = self._locate(path)
        if key and key not in volume.folders:
            raise FolderMissing(f"Could not find a part of the path '{normalise(path)}'.", path)
        prefix = key + "\\" if key else ""
        names = volume.folders | {k: s for k, (s, _) in volume.files.items()}
        drive = ntpath.splitdrive(normalise(path))[0]
        return sorted(
            f"{drive}\\{s}"
            for k, s in names.items()
            if k.startswith(prefix) and k != key and "\\" not in k[len(prefix) :]
        )

    def walk(self) -> Iterator[tuple[str, File]]:
        """Every file that the node can see now, by full path."""
        for letter, volume in sorted(self._drives().items()):
            for spelling, file in volume.files.values():
                yield f"{letter}:\\{spelling}", file


def _in_use(path: str) -> str:
    return f"The process cannot access the file '{normalise(path)}' because it is being used by another process."
