#include "earthcatalog/cli/options/flag_words.h"

#include <gtest/gtest.h>

namespace earthcatalog::cli {
namespace {

TEST(FlagWords, SettingBecomesItsFlag) {
  EXPECT_EQ(in_flags("pass `region` eu-west-1, or `request_payer`"), "pass --region eu-west-1, or --request-payer");
}

TEST(FlagWords, CallBecomesACommand) {
  EXPECT_EQ(in_flags("run: `unlock(force, catalog=s3://b/c.db, lock=/a b)`"),
            "run: earthcatalog unlock --force --catalog s3://b/c.db --lock /a b");
  EXPECT_EQ(in_flags("`index.build()` makes it anew"), "earthcatalog index build makes it anew");
}

TEST(FlagWords, OtherBackquotesStay) {
  for (const char* text : {"", "`", "``", "a ` b", "`two words`", "`Upper`", "`open(", "`open(x` y", "`9`"}) {
    EXPECT_EQ(in_flags(text), text);
  }
  EXPECT_EQ(in_flags("a ` b `limit` c"), "a ` b --limit c");
}

}  // namespace
}  // namespace earthcatalog::cli
