#include "earthcatalog/base/together.h"

#include <utility>
#include <vector>

#include "earthcatalog/base/parallel.h"

namespace earthcatalog {

Status together(std::initializer_list<std::function<Status()>> tasks) {
  std::vector<Status> outcomes(tasks.size());
  EC_TRY(parallel_for(tasks.size(), tasks.size(), [&](std::size_t i) -> Status {
    outcomes[i] = tasks.begin()[i]();
    return {};
  }));
  for (Status& outcome : outcomes) EC_TRY(std::move(outcome));
  return {};
}

}  // namespace earthcatalog
