#include "earthcatalog/iceberg/avro/schema.h"

#include <array>
#include <map>
#include <utility>

#include "earthcatalog/iceberg/metadata/json_internal.h"

namespace earthcatalog::iceberg::avro {
namespace {

constexpr int kDeepest = 64;

constexpr std::array<std::pair<std::string_view, Kind>, 13> kKinds{{{"null", Kind::kNull},
                                                                    {"boolean", Kind::kBoolean},
                                                                    {"int", Kind::kInt},
                                                                    {"long", Kind::kLong},
                                                                    {"float", Kind::kFloat},
                                                                    {"double", Kind::kDouble},
                                                                    {"bytes", Kind::kBytes},
                                                                    {"string", Kind::kString},
                                                                    {"record", Kind::kRecord},
                                                                    {"enum", Kind::kEnum},
                                                                    {"array", Kind::kArray},
                                                                    {"map", Kind::kMap},
                                                                    {"fixed", Kind::kFixed}}};

bool is_primitive(Kind kind) { return kind <= Kind::kString; }
bool is_named(Kind kind) { return kind == Kind::kRecord || kind == Kind::kEnum || kind == Kind::kFixed; }

class Parser {
 public:
  explicit Parser(std::vector<std::unique_ptr<Node>>& nodes) : nodes_(nodes) {}

  Result<const Node*> parse(const Json& json, const std::string& name_space, int depth) {
    if (depth > kDeepest) return fail(ErrorKind::kInvalidData, "Avro schema nested deeper than {}", kDeepest);
    if (json.is_string()) return parse_name(json.get<std::string>(), name_space);
    if (json.is_array()) return parse_union(json, name_space, depth);
    const Json* type = member(json, "type");
    if (type == nullptr) return fail(ErrorKind::kInvalidData, "Avro schema with a type missing");
    if (!type->is_string()) return parse(*type, name_space, depth + 1);
    const auto name = type->get<std::string>();
    for (const auto& [text, kind] : kKinds) {
      if (name == text && !is_primitive(kind)) return parse_complex(kind, json, name_space, depth);
    }
    return parse_name(name, name_space);
  }

 private:
  Node* add(Kind kind) {
    nodes_.push_back(std::make_unique<Node>());
    nodes_.back()->kind = kind;
    return nodes_.back().get();
  }

  Result<const Node*> parse_name(const std::string& name, const std::string& name_space) {
    for (const auto& [text, kind] : kKinds) {
      if (name == text && is_primitive(kind)) return add(kind);
    }
    for (const std::string& full : {name, name_space + "." + name}) {
      if (const auto at = named_.find(full); at != named_.end()) return at->second;
    }
    return fail(ErrorKind::kInvalidData, "Avro type {} is not known", name);
  }

  Result<const Node*> parse_union(const Json& json, const std::string& name_space, int depth) {
    Node* node = add(Kind::kUnion);
    for (const Json& branch : json) {
      EC_ASSIGN_OR_RETURN(const Node* type, parse(branch, name_space, depth + 1));
      node->branches.push_back(type);
    }
    return node;
  }

  Result<const Node*> parse_complex(Kind kind, const Json& json, std::string name_space, int depth) {
    Node* node = add(kind);
    if (is_named(kind)) EC_TRY(remember(node, json, name_space));
    if (kind == Kind::kRecord) {
      EC_TRY(parse_fields(*node, json, name_space, depth));
    } else if (kind == Kind::kArray || kind == Kind::kMap) {
      const Json* element = member(json, kind == Kind::kArray ? "items" : "values");
      if (element == nullptr) return fail(ErrorKind::kInvalidData, "Avro array or map without element type");
      EC_ASSIGN_OR_RETURN(const Node* type, parse(*element, name_space, depth + 1));
      node->branches.push_back(type);
    } else if (kind == Kind::kFixed) {
      EC_ASSIGN_OR_RETURN(const std::int64_t size, required_long(json, "size"));
      if (size < 0) return fail(ErrorKind::kInvalidData, "Avro fixed of size {}", size);
      node->fixed_bytes = static_cast<std::size_t>(size);
    }
    return node;
  }

  // Names are visible as "name" within their name space and as "space.name" everywhere; `name_space` becomes the
  // type's.
  Status remember(const Node* node, const Json& json, std::string& name_space) {
    EC_ASSIGN_OR_RETURN(std::string name, required_string(json, "name"));
    EC_ASSIGN_OR_RETURN(auto own_space, optional_string(json, "namespace"));
    if (own_space) name_space = *own_space;
    if (const auto dot = name.rfind('.'); dot != std::string::npos) {
      name_space = name.substr(0, dot);
    } else if (!name_space.empty()) {
      name = name_space + "." + name;
    }
    named_[name] = node;
    return {};
  }

  Status parse_fields(Node& node, const Json& json, const std::string& name_space, int depth) {
    EC_ASSIGN_OR_RETURN(const Json* fields, required_array(json, "fields"));
    for (const Json& element : *fields) {
      Field field;
      EC_ASSIGN_OR_RETURN(field.name, required_string(element, "name"));
      EC_ASSIGN_OR_RETURN(const auto field_id, optional_int(element, "field-id"));
      field.field_id = field_id.value_or(-1);
      const Json* type = member(element, "type");
      if (type == nullptr) return fail(ErrorKind::kInvalidData, "Avro field {} without type", field.name);
      EC_ASSIGN_OR_RETURN(field.type, parse(*type, name_space, depth + 1));
      node.fields.push_back(std::move(field));
    }
    return {};
  }

  std::vector<std::unique_ptr<Node>>& nodes_;
  std::map<std::string, const Node*> named_;
};

}  // namespace

Result<Schema> Schema::parse(std::string_view json) {
  EC_ASSIGN_OR_RETURN(const Json document, annotate(parse_json(json), "Avro schema"));
  Schema schema;
  EC_ASSIGN_OR_RETURN(schema.root_, Parser(schema.nodes_).parse(document, "", 0));
  return schema;
}

}  // namespace earthcatalog::iceberg::avro
