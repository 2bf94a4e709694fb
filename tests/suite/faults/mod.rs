//! What happens when the storage refuses, and when callers send anything at all.

mod fuzz;
mod hostile;
mod storage;
mod work;
