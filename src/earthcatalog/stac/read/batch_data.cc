#include "earthcatalog/stac/read/batch_data.h"

#include <algorithm>

#include "earthcatalog/stac/read/known_properties.h"

namespace earthcatalog::stac {
namespace {

MemberRole role_of(std::string_view name) {
  if (name == "type") return MemberRole::kType;
  if (name == "id") return MemberRole::kId;
  if (name == "geometry") return MemberRole::kGeometry;
  if (name == "properties") return MemberRole::kProperties;
  if (name == "stac_version" || name == "collection") return MemberRole::kText;
  return is_member_column(name) ? MemberRole::kJson : MemberRole::kForeign;
}

bool is_property_column(std::string_view name) {
  return !is_member_column(name) && !is_row_column(name) && name != "stac_extra";
}

}  // namespace

void SparseText::end_row(std::uint32_t row) {
  if (text_.size() > kept()) entries_.push_back({row, text_.size()});
}

std::string_view SparseText::text_of(std::uint32_t row, std::size_t& next) const {
  if (next == entries_.size() || entries_[next].row != row) return {};
  const std::size_t from = next == 0 ? 0 : entries_[next - 1].end;
  return text_.view().substr(from, entries_[next++].end - from);
}

void Deferred::add(std::uint32_t row, std::uint32_t name, std::string_view token) {
  text_.append(token);
  entries_.push_back({row, name, text_.size()});
}

void Deferred::drop_row() {
  entries_.resize(kept_);
  text_.truncate(entries_.empty() ? 0 : entries_.back().end);
}

std::string_view Deferred::token(std::size_t entry) const {
  const std::size_t from = entry == 0 ? 0 : entries_[entry - 1].end;
  return text_.view().substr(from, entries_[entry].end - from);
}

ItemBatch::Impl::Impl(std::shared_ptr<const ItemSchema> item_schema) : schema_(std::move(item_schema)) {
  columns_.reserve(schema_->columns.size());
  for (const Column& column : schema_->columns) {
    columns_.emplace_back(column.type);
    folded_names_.push_back(fold_name(column.name));
  }
  places_ = {.id = find_column("id"),
             .type = find_column("type"),
             .collection = find_column("collection"),
             .geometry = find_column("geometry"),
             .datetime = find_column("datetime"),
             .updated = find_column("updated")};
}

int ItemBatch::Impl::find_column(std::string_view name) const {
  const auto found = std::ranges::find(schema_->columns, name, &Column::name);
  return found == schema_->columns.end() ? -1 : static_cast<int>(found - schema_->columns.begin());
}

std::int64_t ItemBatch::Impl::bytes() const {
  constexpr std::size_t kObservedBytes = 80;  // a node of the map
  std::size_t sum = extra_members_.bytes() + extra_properties_.bytes() + deferred_.bytes() + members_.bytes() +
                    properties_.bytes() + observed_.size() * kObservedBytes;
  for (const ColumnBuffer& column : columns_) sum += column.bytes();
  return static_cast<std::int64_t>(sum);
}

void ItemBatch::Impl::keep_row() {
  extra_members_.end_row(row());
  extra_properties_.end_row(row());
  deferred_.keep_row();
  for (auto& [slot, kinds] : open_kinds_) {
    PropertyKinds merged = slot->kinds;
    merged.merge(kinds);
    if (merged == slot->kinds) continue;
    slot->kinds = merged;
    observed_[slot->name] = merged;
  }
  open_kinds_.clear();
  ++rows_;
}

void ItemBatch::Impl::drop_row() {
  for (ColumnBuffer& column : columns_) column.truncate(rows_);
  extra_members_.drop_row();
  extra_properties_.drop_row();
  deferred_.drop_row();
  open_kinds_.clear();
}

NameSlot& ItemBatch::Impl::member(std::string_view name, NameSlot* previous) {
  NameSlot& slot = members_.find(name, previous);
  if (std::exchange(slot.fresh, false)) {
    slot.role = role_of(name);
    if (is_member_column(name)) slot.column = find_column(name);
  }
  return slot;
}

NameSlot& ItemBatch::Impl::property(std::string_view name, NameSlot* previous) {
  NameSlot& slot = properties_.find(name, previous);
  if (std::exchange(slot.fresh, false)) fill_property_slot(slot);
  return slot;
}

void ItemBatch::Impl::fill_property_slot(NameSlot& slot) {
  if (is_property_column(slot.name)) slot.column = find_column(slot.name);
  slot.observed = slot.column < 0 && schema_->kind == SchemaKind::kAuto && can_be_column(slot.name) &&
                  std::ranges::find(folded_names_, fold_name(slot.name)) == folded_names_.end();
  slot.is_time = slot.column >= 0 ? at(slot.column).type() == ColumnType::kTimestamp
                                  : known_property_type(slot.name) == ColumnType::kTimestamp;
}

void ItemBatch::Impl::defer(NameSlot& slot, std::string_view token) {
  PropertyKinds kinds;
  switch (token.front()) {
    case '"':
      kinds.string = true;
      break;
    case 't':
    case 'f':
      kinds.boolean = true;
      break;
    default:
      kinds.number = true;
  }
  deferred_.add(row(), slot.index, token);
  open_kinds_.emplace_back(&slot, kinds);
}

}  // namespace earthcatalog::stac
