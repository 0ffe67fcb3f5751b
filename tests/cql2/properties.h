// A row for tests: values by name, and what a filter says of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/cql2/predicate.h"

namespace earthcatalog::cql2 {

using NamedValues = std::map<std::string, Value, std::less<>>;

/// The answer of a filter in CQL2 text; a name without a value is null. Fails the test when the filter is refused.
std::optional<bool> answer(std::string_view filter, const NamedValues& values = {});

/// What is wrong with a filter in CQL2 text, before or when it is bound to properties of these types; "" when nothing
/// is.
std::string error_of(std::string_view filter, const std::map<std::string, ValueType, std::less<>>& types = {});

/// A property that holds a list of texts.
Value list_of(const std::vector<std::string>& members);

}  // namespace earthcatalog::cql2
