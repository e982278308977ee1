"""System-call numbers by machine, and which of them a locked-down child may still make.

Source: the kernel's unistd tables (arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h for aarch64).
The aarch64 column is written from the table and has not been run.
"""

from __future__ import annotations

# name: (x86-64, aarch64); None where the machine has no such call.
Numbers = dict[str, tuple[int | None, int | None]]

# What a warmed-up decoder needs: what is open already, memory, clocks, its own end. Nothing that names a file, peer or process.
ALLOWED: Numbers = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "close": (3, 57), "lseek": (8, 62),
    "fstat": (5, 80), "munmap": (11, 215), "mremap": (25, 216), "madvise": (28, 233), "brk": (12, 214),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132),
    "futex": (202, 98), "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getpid": (39, 172),
    "gettid": (186, 178), "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101),
    "gettimeofday": (96, 169), "getrandom": (318, 278), "getrusage": (98, 165), "exit": (60, 93),
    "exit_group": (231, 94), "restart_syscall": (219, 128), "set_robust_list": (273, 99), "rseq": (334, 293),
}  # fmt: skip

# Allowed only with harmless arguments (seccomp.py says which).
GUARDED: Numbers = {
    "mmap": (9, 222), "mprotect": (10, 226), "pkey_mprotect": (329, 288), "clone": (56, 220), "clone3": (435, 435),
    "prlimit64": (302, 261), "tgkill": (234, 131), "recvmsg": (47, 212),
}  # fmt: skip

# No decoder makes these by accident: the child dies at once, and its death is recorded as a forbidden call.
FATAL: Numbers = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "recvfrom": (45, 207), "recvmmsg": (299, 243), "fork": (57, None), "vfork": (58, None),
    "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424), "mount": (165, 40), "umount2": (166, 39), "move_mount": (429, 429),
    "open_tree": (428, 428), "fsopen": (430, 430), "fsmount": (432, 432), "pivot_root": (155, 41), "chroot": (161, 51),
    "setns": (308, 268), "unshare": (272, 97), "bpf": (321, 280), "perf_event_open": (298, 241),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "modify_ldt": (154, None), "iopl": (172, None),
    "ioperm": (173, None), "reboot": (169, 142), "swapon": (167, 224),
}  # fmt: skip

# Calls that the lock-down itself makes, before the filter holds: libc has no wrapper for them.
SETUP: Numbers = {
    "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_restrict_self": (446, 446),
    "capset": (126, 91),
}  # fmt: skip

# AUDIT_ARCH values of <linux/audit.h>, and this column's place in the tables above.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


def numbers(table: Numbers, machine: str) -> dict[str, int]:
    """The table's calls that exist on `machine` ("x86_64" or "aarch64"), name to number."""
    column = MACHINES[machine][1]
    return {name: number for name, pair in table.items() if (number := pair[column]) is not None}
