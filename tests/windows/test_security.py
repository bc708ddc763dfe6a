"""Whose a file is on Windows: what the system is asked, by libraries that note it."""

from __future__ import annotations

import ctypes
import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from syncagent.windows.security import Security, security

ME = "S-1-5-21-1-2-3-1001"


class Function:
    """A function of a library: it has a type of result that can be set, and notes its calls."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self.restype: Any = None

    def __call__(self, *args: Any) -> Any:
        return self._act(*args)


class System:
    """Owners and rights by path, and strings that are to be let go of."""

    def __init__(self, owner: str = ME) -> None:
        self.owner = owner
        self.rights: dict[str, str] = {}
        self.folders: list[str] = []
        self.closed = 0
        self._kept: dict[int, Any] = {}
        self.GetCurrentProcess = Function(lambda: -1)

    def _keep(self, text: str) -> int:
        buffer = ctypes.create_unicode_buffer(text)
        self._kept[ctypes.addressof(buffer)] = buffer
        return ctypes.addressof(buffer)

    @property
    def leaked(self) -> list[str]:
        return [buffer.value for buffer in self._kept.values() if not buffer.value.startswith("sid ")]

    def OpenProcessToken(self, process: Any, access: int, token: Any) -> int:  # noqa: N802
        assert (process.value, access) == (ctypes.c_void_p(-1).value, 0x8)
        token._obj.value = 7
        return 1

    def CloseHandle(self, token: Any) -> int:  # noqa: N802
        assert token.value == 7
        self.closed += 1
        return 1

    def GetTokenInformation(self, token: Any, which: int, room: Any, size: int, needed: Any) -> int:  # noqa: N802
        assert (token.value, which, size) == (7, 1, 256)
        ctypes.c_void_p.from_buffer(room).value = self._keep(f"sid {ME}")
        return 1

    def ConvertSidToStringSidW(self, sid: Any, text: Any) -> int:  # noqa: N802
        text._obj.value = self._keep(ctypes.wstring_at(sid.value).removeprefix("sid "))
        return 1

    def LocalFree(self, what: Any) -> int:  # noqa: N802
        del self._kept[what.value]
        return 0

    def ConvertStringSecurityDescriptorToSecurityDescriptorW(  # noqa: N802
        self, words: Any, revision: int, descriptor: Any, size: Any
    ) -> int:
        assert revision == 1
        descriptor._obj.value = self._keep(words.value)
        return 1

    def CreateDirectoryW(self, path: Any, attributes: Any) -> int:  # noqa: N802
        given = attributes._obj
        assert (given.length, given.inherit) == (24, 0)
        self.rights[path.value] = ctypes.wstring_at(given.descriptor)
        return 1

    def SetFileSecurityW(self, path: Any, which: Any, descriptor: Any) -> int:  # noqa: N802
        assert which.value == 0x80000004, "the list, and that it inherits nothing"
        self.rights[path.value] = ctypes.wstring_at(descriptor.value)
        return 1

    def GetFileSecurityW(self, path: Any, which: int, room: Any, size: int, needed: Any) -> int:  # noqa: N802
        assert (which, size) == (1, 1024)
        return 1

    def GetSecurityDescriptorOwner(self, room: Any, owner: Any, defaulted: Any) -> int:  # noqa: N802
        owner._obj.value = self._keep(f"sid {self.owner}")
        return 1


@pytest.fixture
def system() -> System:
    return System()


@pytest.mark.hazard("G5")
def test_a_folder_is_for_its_user_alone_from_its_first_moment(system: System) -> None:
    Security(system, system).make_folder("C:\\data")
    assert system.rights == {"C:\\data": f"D:P(A;OICI;FA;;;{ME})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"}
    assert (system.leaked, system.closed) == ([], 1)


@pytest.mark.hazard("G5")
def test_what_is_there_is_closed_to_others(system: System) -> None:
    Security(system, system).close_to_others("C:\\data")
    assert system.rights["C:\\data"].startswith("D:P(")
    assert system.leaked == []


@pytest.mark.parametrize(("owner", "ours"), [(ME, True), ("S-1-5-32-544", True), ("S-1-5-21-1-2-3-1002", False)])
def test_what_another_user_owns_is_not_ours(owner: str, ours: bool) -> None:
    system = System(owner)
    assert Security(system, system).is_ours("C:\\data") is ours
    assert system.leaked == []


@pytest.mark.parametrize(
    "name",
    [
        "OpenProcessToken",
        "GetTokenInformation",
        "CreateDirectoryW",
        "ConvertStringSecurityDescriptorToSecurityDescriptorW",
    ],
)
def test_what_fails_is_an_error_of_the_system(system: System, name: str) -> None:
    setattr(system, name, lambda *_: ctypes.set_errno(0) and 0)
    with pytest.raises(OSError) as caught:
        Security(system, system).make_folder("C:\\data")
    assert caught.value.errno == errno.EIO or sys.platform == "win32", "there Windows keeps the last one"
    assert system.leaked == []


@pytest.mark.skipif(sys.platform != "win32", reason="asks Windows itself")
def test_the_system_itself_makes_such_a_folder(tmp_path: Path) -> None:
    real = security()
    real.make_folder(str(tmp_path / "own"))
    assert real.is_ours(str(tmp_path / "own"))
    (tmp_path / "other").mkdir()
    real.close_to_others(str(tmp_path / "other"))
    (tmp_path / "other" / "file").write_text("still ours")
    with pytest.raises(FileExistsError):
        real.make_folder(str(tmp_path / "own"))
