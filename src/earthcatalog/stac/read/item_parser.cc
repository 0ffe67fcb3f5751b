#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "earthcatalog/stac/item_batch.h"
#include "earthcatalog/stac/json_string.h"
#include "earthcatalog/stac/read/batch_data.h"
#include "earthcatalog/stac/read/geojson_reader.h"
#include "earthcatalog/stac/read/json_walker.h"
#include "earthcatalog/stac/read/scalar.h"

namespace earthcatalog::stac {
namespace {

constexpr std::size_t kLargestDepth = 1000;  // the walk is recursive
constexpr std::size_t kMemberDepth = 2;      // of the values of top-level members
constexpr std::size_t kPropertyDepth = 3;    // of the values of properties
constexpr std::string_view kItsliveCollection = "itslive-granules";

std::string_view inside_quotes(std::string_view token) { return token.substr(1, token.size() - 2); }

std::string_view without_bom(std::string_view json) { return json.starts_with("\xef\xbb\xbf") ? json.substr(3) : json; }

}  // namespace

class ItemParser::Impl {
 public:
  explicit Impl(ParserOptions options) : walker_(std::min(options.max_depth, kLargestDepth)), geojson_(walker_) {}

  std::expected<ParsedItem, Rejection> append(const std::string& json, ItemBatch::Impl& batch);

 private:
  // One step of the row; false: the item is refused.
  bool parse(const std::string& json);
  bool iterate(const std::string& json, ondemand::document& document);
  bool read_member(ondemand::field& field);
  bool read_type(ondemand::value& value);
  bool read_id(NameSlot& slot, ondemand::value& value);
  bool read_text(NameSlot& slot, std::string_view raw_key, ondemand::value& value);
  bool read_json(NameSlot& slot, std::string_view raw_key, ondemand::value& value);
  bool read_geometry(NameSlot& slot, std::string_view raw_key, ondemand::value& value);
  bool read_properties(ondemand::value& value);
  bool read_property(ondemand::field& field);
  bool store_property(NameSlot& slot, std::string_view raw_key, std::string_view token);
  bool keep(SparseText& extra, std::string_view raw_key, ondemand::value& value, std::size_t depth);
  void keep_text(SparseText& extra, std::string_view raw_key, std::string_view json);
  bool check_is_item();
  // If STAC knows the property as a time, whether or not this table has a column of it: it is none.
  void note_bad_time(const NameSlot& slot, std::string_view token);
  void add_problem(std::string_view kind, std::string reason, const char* where);
  void describe();

  ondemand::parser parser_;
  JsonWalker walker_;
  GeojsonReader geojson_;
  std::string padded_, scratch_;
  ItemBatch::Impl* batch_ = nullptr;
  ParsedItem item_;
  NameSlot* previous_member_ = nullptr;
  NameSlot* previous_property_ = nullptr;
  bool is_feature_ = false, has_properties_ = false;
};

std::expected<ParsedItem, Rejection> ItemParser::Impl::append(const std::string& json, ItemBatch::Impl& batch) {
  batch_ = &batch;
  item_ = {};
  item_.row = batch.row();
  previous_member_ = previous_property_ = nullptr;
  is_feature_ = has_properties_ = false;
  batch.open_row();
  if (!parse(json) || !check_is_item()) {
    batch.drop_row();
    return std::unexpected(walker_.take_rejection());
  }
  if (!has_properties_) batch.extra_properties().text().append("[]");
  describe();
  batch.keep_row();
  return std::move(item_);
}

bool ItemParser::Impl::parse(const std::string& json) {
  walker_.start(json);
  const std::string_view text = without_bom(json);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return walker_.reject("not_json", "an empty object", json.data());
  if (text[first] != '{') {
    constexpr std::string_view kJsonStart = "[\"-0123456789tfn";
    const bool is_json = kJsonStart.find(text[first]) != std::string_view::npos;
    return walker_.reject(is_json ? "not_an_item" : "not_json", "does not begin as a JSON object", text.data() + first);
  }
  ondemand::document document;
  if (!iterate(json, document)) return false;
  walker_.attach(document);
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) return walker_.fault(error);
  for (auto member : object) {
    ondemand::field field;
    if (const auto error = std::move(member).get(field)) return walker_.fault(error);
    if (!read_member(field)) return false;
  }
  if (!document.at_end()) return walker_.fault(simdjson::TRAILING_CONTENT);
  return true;
}

bool ItemParser::Impl::iterate(const std::string& json, ondemand::document& document) {
  const std::string* bytes = &json;
  if (json.capacity() - json.size() < simdjson::SIMDJSON_PADDING) {
    padded_.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    padded_ = json;
    bytes = &padded_;
    walker_.start(padded_);
  }
  // simdjson allocates for exactly the size it is given; do it rarely.
  if (parser_.capacity() < bytes->size()) {
    if (const auto error = parser_.allocate(std::bit_ceil(bytes->size()))) return walker_.fault(error);
  }
  const simdjson::padded_string_view view(bytes->data(), bytes->size(), bytes->size() + simdjson::SIMDJSON_PADDING);
  if (const auto error = parser_.iterate(view).get(document)) return walker_.fault(error);
  return true;
}

bool ItemParser::Impl::read_member(ondemand::field& field) {
  std::string_view raw, name;
  if (!walker_.key(field, raw, name, scratch_)) return false;
  NameSlot& slot = batch_->member(name, previous_member_);
  previous_member_ = &slot;
  if (!batch_->first_time(slot)) {
    return walker_.reject("duplicate_key", fmt::format("two members {:?}", name), raw.data());
  }
  ondemand::value& value = field.value();
  switch (slot.role) {
    case MemberRole::kType:
      return read_type(value);
    case MemberRole::kId:
      return read_id(slot, value);
    case MemberRole::kGeometry:
      return read_geometry(slot, raw, value);
    case MemberRole::kProperties:
      return read_properties(value);
    case MemberRole::kText:
      return read_text(slot, raw, value);
    case MemberRole::kJson:
      return read_json(slot, raw, value);
    case MemberRole::kForeign:
      break;
  }
  return keep(batch_->extra_members(), raw, value, kMemberDepth);
}

bool ItemParser::Impl::read_type(ondemand::value& value) {
  const char* const where = JsonWalker::begin(value);
  std::string_view token;
  if (*where == '{' || *where == '[') return walker_.reject("not_an_item", "its type is not \"Feature\"", where);
  if (!walker_.scalar(value, token)) return false;
  if (*where != '"' || decoded(inside_quotes(token)) != "Feature")
    return walker_.reject("not_an_item", "its type is not \"Feature\"", where);
  is_feature_ = true;
  return true;
}

bool ItemParser::Impl::read_id(NameSlot& slot, ondemand::value& value) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '"') return walker_.reject("no_id", "its id is not a string", where);
  std::string_view token;
  if (!walker_.scalar(value, token)) return false;
  if (token == "\"\"") return walker_.reject("no_id", "its id is empty", where);
  store_scalar(token, batch_->column(slot.column));
  return true;
}

bool ItemParser::Impl::read_text(NameSlot& slot, std::string_view raw_key, ondemand::value& value) {
  if (*JsonWalker::begin(value) != '"') return keep(batch_->extra_members(), raw_key, value, kMemberDepth);
  std::string_view token;
  if (!walker_.scalar(value, token)) return false;
  store_scalar(token, batch_->column(slot.column));
  return true;
}

bool ItemParser::Impl::read_json(NameSlot& slot, std::string_view raw_key, ondemand::value& value) {
  const char* const where = JsonWalker::begin(value);
  if (*where != '{' && *where != '[') return keep(batch_->extra_members(), raw_key, value, kMemberDepth);
  std::string_view text;
  if (!walker_.walk(value, kMemberDepth) || !walker_.slice(where, text)) return false;
  ColumnBuffer& column = batch_->column(slot.column);
  append_minified(text, column.text());
  column.end_text();
  return true;
}

bool ItemParser::Impl::read_geometry(NameSlot& slot, std::string_view raw_key, ondemand::value& value) {
  const char* const where = JsonWalker::begin(value);
  if (*where == 'n') return keep(batch_->extra_members(), raw_key, value, kMemberDepth);
  ColumnBuffer& column = batch_->column(slot.column);
  GeometryOutcome outcome;
  if (!geojson_.read(value, kMemberDepth, column.text(), outcome)) return false;
  if (outcome.located) {
    column.end_text();
  } else {
    add_problem("geometry", fmt::format("no place: {}", outcome.reason), outcome.where);
  }
  if (outcome.located && outcome.exact) return true;
  std::string_view text;
  if (*where != '{' && *where != '[') {
    if (!walker_.scalar(value, text)) return false;
  } else if (!walker_.slice(where, text)) {
    return false;
  }
  keep_text(batch_->extra_members(), raw_key, text);
  return true;
}

bool ItemParser::Impl::read_properties(ondemand::value& value) {
  has_properties_ = true;
  const char* const where = JsonWalker::begin(value);
  if (*where != '{') {
    GrowBuffer& out = batch_->extra_properties().text();
    std::string_view text;
    if (*where != '[') {
      if (!walker_.scalar(value, text)) return false;
    } else if (!walker_.walk(value, kMemberDepth) || !walker_.slice(where, text)) {
      return false;
    }
    out.push_back('[');
    append_minified(text, out);
    out.push_back(']');
    return true;
  }
  if (!walker_.enter(where, kMemberDepth)) return false;
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return walker_.fault(error);
  for (auto member : object) {
    ondemand::field field;
    if (const auto error = std::move(member).get(field)) return walker_.fault(error);
    if (!read_property(field)) return false;
  }
  return true;
}

bool ItemParser::Impl::read_property(ondemand::field& field) {
  std::string_view raw, name;
  if (!walker_.key(field, raw, name, scratch_)) return false;
  NameSlot& slot = batch_->property(name, previous_property_);
  previous_property_ = &slot;
  if (!batch_->first_time(slot)) {
    return walker_.reject("duplicate_key", fmt::format("two properties {:?}", name), raw.data());
  }
  ondemand::value& value = field.value();
  const char* const where = JsonWalker::begin(value);
  if (*where == '{' || *where == '[') {
    note_bad_time(slot, {where, 1});
    return keep(batch_->extra_properties(), raw, value, kPropertyDepth);
  }
  std::string_view token;
  return walker_.scalar(value, token) && store_property(slot, raw, token);
}

bool ItemParser::Impl::store_property(NameSlot& slot, std::string_view raw_key, std::string_view token) {
  if (token.front() != 'n') {
    if (slot.column >= 0) {
      ColumnBuffer& column = batch_->column(slot.column);
      const Fit fit = store_scalar(token, column);
      if (fit == Fit::kExact) return true;
      if (fit == Fit::kNone) note_bad_time(slot, token);
    } else {
      if (slot.is_time && !instant_of(token)) note_bad_time(slot, token);
      if (slot.observed) return batch_->defer(slot, token), true;
    }
  }
  keep_text(batch_->extra_properties(), raw_key, token);
  return true;
}

bool ItemParser::Impl::keep(SparseText& extra, std::string_view raw_key, ondemand::value& value, std::size_t depth) {
  const char* const where = JsonWalker::begin(value);
  std::string_view text;
  if (*where != '{' && *where != '[') {
    if (!walker_.scalar(value, text)) return false;
  } else if (!walker_.walk(value, depth) || !walker_.slice(where, text)) {
    return false;
  }
  keep_text(extra, raw_key, text);
  return true;
}

void ItemParser::Impl::keep_text(SparseText& extra, std::string_view raw_key, std::string_view json) {
  GrowBuffer& out = extra.text();
  if (!extra.open_text().empty()) out.push_back(',');
  out.push_back('"');
  out.append(raw_key);
  out.append("\":");
  if (json.front() == '{' || json.front() == '[') {
    append_minified(json, out);
  } else {
    out.append(json);
  }
}

bool ItemParser::Impl::check_is_item() {
  if (!is_feature_) return walker_.reject("not_an_item", "it has no type", nullptr);
  if (!batch_->has_value(batch_->places().id)) return walker_.reject("no_id", "it has no id", nullptr);
  return true;
}

void ItemParser::Impl::note_bad_time(const NameSlot& slot, std::string_view token) {
  if (!slot.is_time) return;
  const bool is_datetime = slot.name == "datetime";
  add_problem(is_datetime ? "datetime" : "timestamp", fmt::format("{} is no time: {}", slot.name, token.substr(0, 80)),
              token.data());
}

void ItemParser::Impl::add_problem(std::string_view kind, std::string reason, const char* where) {
  item_.problems.push_back({std::string(kind), std::move(reason), walker_.offset(where)});
}

void ItemParser::Impl::describe() {
  const auto& places = batch_->places();
  ColumnBuffer& type = batch_->column(places.type);
  type.text().append("Feature");
  type.end_text();
  const auto text = [&](int column) {
    return batch_->has_value(column) ? batch_->at(column).last_text() : std::string_view();
  };
  const auto time = [&](int column) {
    return batch_->has_value(column) ? std::optional(batch_->at(column).last_long()) : std::nullopt;
  };
  const std::string_view collection = text(places.collection);
  item_.wkb = text(places.geometry);
  item_.identity = identity_hash(collection, text(places.id));
  item_.itslive = collection == kItsliveCollection;
  item_.datetime = time(places.datetime);
  item_.updated = time(places.updated);
}

ItemParser::ItemParser(ParserOptions options) : impl_(std::make_unique<Impl>(options)) {}
ItemParser::~ItemParser() = default;

std::expected<ParsedItem, Rejection> ItemParser::append(const std::string& json, ItemBatch& batch) {
  return impl_->append(json, *batch.impl_);
}

}  // namespace earthcatalog::stac
