//! How much room a file system has.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Free bytes, for an ordinary user, on the file system of `path`. `None`: the system does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let mut answer = MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: `path` ends with a zero byte and lives over the call; `answer` is large enough and is read only after the
    // call has said that it filled it.
    let filled = unsafe { libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) } == 0;
    if !filled {
        return None;
    }
    // SAFETY: `statvfs` returned 0, so it has written the whole structure.
    let answer = unsafe { answer.assume_init() };
    Some(answer.f_bavail.saturating_mul(answer.f_frsize))
}
