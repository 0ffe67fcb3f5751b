// The place where a page of an answer ends, as text: the next page goes on there, in the same snapshot, whatever others
// have committed since.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "earthcatalog/result.h"
#include "earthcatalog/search/order/sort_key.h"
#include "earthcatalog/search/query.h"

namespace earthcatalog::search {

/// Returns the token of the page that ends at `position` (Found::last).
std::string make_token(const BoundQuery& query, const Order& order, std::string_view position);

class Token {
 public:
  /// kInvalidArgument: no token, or one that was cut or changed.
  static Result<Token> parse(std::string_view text);

  std::int64_t snapshot_id() const { return snapshot_id_; }
  /// Returns the position where the page before ended. kInvalidArgument: the token is of another table, of another
  /// snapshot than the one that `query` is bound to, or of another query or order.
  Result<std::string> position_in(const BoundQuery& query, const Order& order) const;
  /// kInvalidArgument: the token is of another table.
  Status check_table(const read::TableReader& table) const;

 private:
  std::int64_t snapshot_id_ = 0;
  std::string table_, query_, position_;
};

}  // namespace earthcatalog::search
