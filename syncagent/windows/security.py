"""Whose a file is on Windows, and who else may see it.

There are no modes there; each file has an owner and a list of who may do what.  A folder of ours has a list that it
does not inherit: its user, the system and its administrators, and nobody else; what is made in it gets the same list.
(Administrators can take whatever they want there, as root can elsewhere.)
"""

from __future__ import annotations

import ctypes
from ctypes import wintypes
from typing import Any, Final

from syncagent.model.values import fixed
from syncagent.windows.libraries import failed, library

_TOKEN_QUERY: Final = 0x8
_TOKEN_USER: Final = 1
_OWNER: Final = 0x1
_LIST: Final = 0x4
_NOT_INHERITED: Final = 0x80000000
_REVISION: Final = 1
_ADMINISTRATORS: Final = "S-1-5-32-544"

ALONE: Final = "D:P(A;OICI;FA;;;{user})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
"""In the words of the system: protected from what it would inherit; all rights, for it and for what will be in it."""


class _Attributes(ctypes.Structure):
    _fields_ = [
        ("length", wintypes.DWORD),
        ("descriptor", ctypes.c_void_p),
        ("inherit", wintypes.BOOL),
    ]


@fixed
class Security:
    """``kernel32`` and ``advapi32`` are the system's libraries."""

    kernel32: Any
    advapi32: Any

    def user(self) -> str:
        """The id of whose process this is: ``S-1-5-21-…``.  Raises OSError."""
        token = wintypes.HANDLE()
        self.kernel32.GetCurrentProcess.restype = wintypes.HANDLE
        process = wintypes.HANDLE(self.kernel32.GetCurrentProcess())
        if not self.advapi32.OpenProcessToken(process, _TOKEN_QUERY, ctypes.byref(token)):
            raise failed()
        try:
            return self._user_of(token)
        finally:
            self.kernel32.CloseHandle(token)

    def _user_of(self, token: wintypes.HANDLE) -> str:
        room = ctypes.create_string_buffer(256)  # a SID has 68 bytes at the most, and a pointer stands before it
        size = wintypes.DWORD()
        if not self.advapi32.GetTokenInformation(token, _TOKEN_USER, room, len(room), ctypes.byref(size)):
            raise failed()
        return self._text(ctypes.c_void_p.from_buffer(room).value)

    def _text(self, sid: int | None) -> str:
        text = ctypes.c_void_p()
        if not self.advapi32.ConvertSidToStringSidW(ctypes.c_void_p(sid), ctypes.byref(text)):
            raise failed()
        try:
            return ctypes.wstring_at(text.value or 0)
        finally:
            self.kernel32.LocalFree(text)

    def make_folder(self, path: str) -> None:
        """Make a folder that is for this user alone from its first moment.  Raises OSError."""
        descriptor = self._alone()
        try:
            attributes = _Attributes(ctypes.sizeof(_Attributes), descriptor, 0)
            if not self.kernel32.CreateDirectoryW(ctypes.c_wchar_p(path), ctypes.byref(attributes)):
                raise failed(path)
        finally:
            self.kernel32.LocalFree(ctypes.c_void_p(descriptor))

    def close_to_others(self, path: str) -> None:
        """Let nobody else into what is there.  Raises OSError."""
        descriptor = self._alone()
        try:
            which = wintypes.DWORD(_LIST | _NOT_INHERITED)
            if not self.advapi32.SetFileSecurityW(ctypes.c_wchar_p(path), which, ctypes.c_void_p(descriptor)):
                raise failed(path)
        finally:
            self.kernel32.LocalFree(ctypes.c_void_p(descriptor))

    def owner(self, path: str) -> str:
        """The id of who owns it.  Raises OSError."""
        size = wintypes.DWORD()
        room = ctypes.create_string_buffer(1024)
        if not self.advapi32.GetFileSecurityW(ctypes.c_wchar_p(path), _OWNER, room, len(room), ctypes.byref(size)):
            raise failed(path)
        owner, defaulted = ctypes.c_void_p(), wintypes.BOOL()
        if not self.advapi32.GetSecurityDescriptorOwner(room, ctypes.byref(owner), ctypes.byref(defaulted)):
            raise failed(path)
        return self._text(owner.value)

    def is_ours(self, path: str) -> bool:
        """Whether this user owns it; what a user who is an administrator makes may belong to all of them.

        Raises OSError.
        """
        return self.owner(path) in (self.user(), _ADMINISTRATORS)

    def _alone(self) -> int:
        descriptor, size = ctypes.c_void_p(), wintypes.ULONG()
        words = ctypes.c_wchar_p(ALONE.format(user=self.user()))
        if not self.advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(
            words, _REVISION, ctypes.byref(descriptor), ctypes.byref(size)
        ):
            raise failed()
        return descriptor.value or 0


def security() -> Security:
    """That of this system."""
    return Security(library("kernel32"), library("advapi32"))
