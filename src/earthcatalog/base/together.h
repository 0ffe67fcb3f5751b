// A few different things that wait for stores, done at the same time.
#pragma once

#include <functional>
#include <initializer_list>

#include "earthcatalog/result.h"

namespace earthcatalog {

/// Runs all tasks at once, each on a thread; none may need what another one does. All of them come to their end; of
/// several errors the one of the task that stands first is returned.
Status together(std::initializer_list<std::function<Status()>> tasks);

}  // namespace earthcatalog
