#pragma once

namespace rnnscope {

/// For main(): has malloc keep memory that was freed, up to some hundred MiB, instead of giving it back to the system.
/// Runs free and allocate the same results of some MiB again and again, and each new page costs the system more than
/// filling it does. Does nothing where the C library has no such setting.
void keep_freed_memory();

} // namespace rnnscope
