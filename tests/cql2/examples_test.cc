// The examples of the CQL2 standard, in both encodings.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "earthcatalog/cql2/expression.h"

namespace earthcatalog::cql2 {
namespace {

using Json = nlohmann::ordered_json;

Json examples() {
  std::ifstream file("tests/data/cql2/examples.json");
  return Json::parse(file);
}

// Two spellings of an instant.
std::string without_zeros(std::string text) {
  for (auto at = text.find(".000000Z"); at != std::string::npos; at = text.find(".000000Z")) text.erase(at, 7);
  return text;
}

TEST(Cql2Examples, TextAndJsonSayTheSame) {
  int both = 0;
  for (const auto all = examples(); const auto& [name, example] : all.items()) {
    if (!example.contains("text") || !example.contains("json")) continue;
    const auto text = parse_text(example["text"].get<std::string>());
    const auto json = parse_json(example["json"].dump());
    ASSERT_TRUE(text) << name << ": " << text.error().message;
    ASSERT_TRUE(json) << name << ": " << json.error().message;
    EXPECT_EQ(without_zeros(to_text(*text)), without_zeros(to_text(*json))) << name;
    ++both;
  }
  EXPECT_GT(both, 100);
}

TEST(Cql2Examples, ComeBackFromTextAndFromJson) {
  int seen = 0;
  for (const auto all = examples(); const auto& [name, example] : all.items()) {
    const auto read =
        example.contains("text") ? parse_text(example["text"].get<std::string>()) : parse_json(example["json"].dump());
    ASSERT_TRUE(read) << name << ": " << read.error().message;
    const auto from_text = parse_text(to_text(*read));
    ASSERT_TRUE(from_text) << name << ": " << to_text(*read) << "\n" << from_text.error().message;
    EXPECT_EQ(to_text(*from_text), to_text(*read)) << name;
    EXPECT_EQ(to_json(*from_text), to_json(*read)) << name;
    const auto from_json = parse_json(to_json(*read));
    ASSERT_TRUE(from_json) << name << ": " << to_json(*read) << "\n" << from_json.error().message;
    EXPECT_EQ(to_json(*from_json), to_json(*read)) << name;
    ++seen;
  }
  EXPECT_EQ(seen, 120);
}

}  // namespace
}  // namespace earthcatalog::cql2
