"""What VBoxManage says when it fails."""

from __future__ import annotations

CODES = {
    "NS_ERROR_INVALID_ARG": "0x80070057",
    "NS_ERROR_FAILURE": "0x80004005",
    "VBOX_E_OBJECT_NOT_FOUND": "0x80bb0001",
    "VBOX_E_INVALID_VM_STATE": "0x80bb0002",
    "VBOX_E_FILE_ERROR": "0x80bb0004",
    "VBOX_E_INVALID_OBJECT_STATE": "0x80bb0007",
}
OBJECTS = {
    "IVirtualBox": "VirtualBoxWrap",
    "IMachine": "MachineWrap",
    "IConsole": "ConsoleWrap",
    "INATEngine": "NATEngineWrap",
}


class Failure(Exception):
    """Lines for standard error, each after `VBoxManage: error: `, and the exit status."""

    def __init__(self, *lines: str, status: int = 1) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.status = status


class Syntax(Failure):
    """A command line that VBoxManage does not know."""

    def __init__(self, line: str) -> None:
        super().__init__(line, status=2)


def refusal(text: str, code: str, interface: str, context: str) -> Failure:
    """What a failed call gives: text, code, and where it was made."""
    details = f"code {code} ({CODES[code]}), component {OBJECTS[interface]}, interface {interface}, callee nsISupports"
    return Failure(text, f"Details: {details}", f"Context: {context}")


def not_found(name: str) -> Failure:
    """No VM of this name."""
    context = '"FindMachine(Bstr(VMNameOrUuid).raw(), machine.asOutParam())" at line 2781 of file VBoxManageInfo.cpp'
    text = f"Could not find a registered machine named '{name}'"
    return refusal(text, "VBOX_E_OBJECT_NOT_FOUND", "IVirtualBox", context)


def locked_for_writing(name: str) -> Failure:
    """The settings cannot be changed, for the VM has a process."""
    context = '"LockMachine(a->session, LockType_Write)" at line 492 of file VBoxManageModifyVM.cpp'
    text = f"The machine '{name}' is already locked for a session (or being unlocked)"
    return refusal(text, "VBOX_E_INVALID_OBJECT_STATE", "IMachine", context)


def locked_by_session(name: str) -> Failure:
    """The VM cannot be started, for it has a process."""
    context = (
        '"LaunchVMProcess(a->session, sessionType.raw(), ComSafeArrayAsInParam(aBstrEnv), progress.asOutParam())" '
        "at line 727 of file VBoxManageMisc.cpp"
    )
    text = f"The machine '{name}' is already locked by a session (or being locked or unlocked)"
    return refusal(text, "VBOX_E_INVALID_OBJECT_STATE", "IMachine", context)


def wrong_state(text: str, call: str, line: int = 410) -> Failure:
    """The VM is not in a state for this."""
    context = f'"{call}" at line {line} of file VBoxManageControlVM.cpp'
    return refusal(text, "VBOX_E_INVALID_VM_STATE", "IConsole", context)
