#include "earthcatalog/cli/options/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "earthcatalog/cli/options/options.h"

namespace earthcatalog::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A program of two commands.
struct Program {
  Program() {
    auto* copy = app.add_subcommand("copy", "");
    as_path(copy->add_option("--source", source))->required();
    copy->add_option("--workers", workers)->check(at_least(1));
    copy->add_option("--max-size", max_size);
    as_path(copy->add_option("--problems", problems))->allow_extra_args(false);
    copy->add_flag("--dry-run", dry_run);
    s3.add(*copy);
    auto* check = app.add_subcommand("check", "");
    check->add_option("--depth", depth);
    check_s3.add(*check);
  }

  Result<Settings> collect(std::vector<std::string> arguments, const Variables& variables = {}) {
    EC_ASSIGN_OR_RETURN(auto settings, Settings::collect(app, std::move(arguments), variables));
    auto words = settings.arguments();
    std::ranges::reverse(words);
    app.parse(std::move(words));
    return settings;
  }

  std::string source, max_size;
  std::vector<std::string> problems;
  std::optional<int> workers, depth;
  bool dry_run = false;
  S3Flags s3, check_s3;
  CLI::App app{"", "program"};
};

class SettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("settings_test" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string config(const std::string& yaml) {
    const auto path = folder_ / "c.yaml";
    std::ofstream(path) << yaml;
    return path.string();
  }

  std::string error_of(const std::string& yaml) {
    Program program;
    const auto settings = Settings::collect(program.app, {"copy", "--source", "s", "--config", config(yaml)}, {});
    return settings ? "no error" : settings.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(SettingsTest, PrecedenceIsFlagVariableCommandSectionFile) {
  const auto path = config("workers: 1\nmax_size: general\ncopy:\n  max_size: own\n");
  const Variables variables = {{"EARTHCATALOG_WORKERS", "2"}, {"EARTHCATALOG_SOURCE", "variable"}};
  Program program;
  ASSERT_TRUE(program.collect({"copy", "--source=flag", "--config", path}, variables));
  EXPECT_EQ(program.source, "flag");
  EXPECT_EQ(program.workers, 2);
  EXPECT_EQ(program.max_size, "own");
}

TEST_F(SettingsTest, AVariableSatisfiesARequiredOption) {
  Program program;
  ASSERT_TRUE(program.collect({"copy"}, {{"EARTHCATALOG_SOURCE", "variable"}}));
  EXPECT_EQ(program.source, "variable");
}

TEST_F(SettingsTest, FlagsAndListsInTheFile) {
  Program program;
  ASSERT_TRUE(program.collect({"copy", "--source", "s", "--config", config("dry_run: true\nproblems: [/a, /b]\n")}));
  EXPECT_TRUE(program.dry_run);
  EXPECT_EQ(program.problems, (std::vector<std::string>{"/a", "/b"}));
}

TEST_F(SettingsTest, AFlagCanBeTakenBack) {
  Program program;
  ASSERT_TRUE(program.collect({"copy", "--source", "s", "--dry-run=false", "--config", config("dry_run: true\n")}));
  EXPECT_FALSE(program.dry_run);
}

TEST_F(SettingsTest, OptionOfAnotherCommandIsRefused) {
  Program program;
  ASSERT_TRUE(program.collect({"copy", "--source", "s", "--config", config("depth: 3\ncheck: {depth: 4}\n")}));
}

TEST_F(SettingsTest, PathsAreRelativeToTheFileAndTildeIsTheHome) {
  Program program;
  ASSERT_TRUE(program.collect(
      {"copy", "--config", config("source: data/x\nmax_size: data/x\nproblems: [~/p, s3://b/p, /q]\n")}));
  EXPECT_EQ(program.source, (folder_ / "data/x").string());
  EXPECT_EQ(program.max_size, "data/x");
  const std::string home = std::getenv("HOME");
  EXPECT_EQ(program.problems, (std::vector<std::string>{home + "/p", "s3://b/p", "/q"}));
}

TEST_F(SettingsTest, TildeOfAFlagIsTheHomeToo) {
  Program program;
  ASSERT_TRUE(program.collect({"copy", "--source=~/x"}));
  EXPECT_EQ(program.source, std::string(std::getenv("HOME")) + "/x");
}

TEST_F(SettingsTest, ErrorsOfTheFileNameTheirLine) {
  EXPECT_THAT(error_of("dry_run: true\nworkrs: 3\n"), HasSubstr("line 2: unknown key 'workrs'; did you mean workers?"));
  EXPECT_THAT(error_of("copy:\n  depth: 3\n"), HasSubstr("copy: line 2: unknown key 'depth'"));
  EXPECT_THAT(error_of("workers: {a: b}\n"), HasSubstr("line 1: 'workers' is to have a plain value"));
  EXPECT_THAT(error_of("source: ${HOME}/x\n"), HasSubstr("line 1: '${HOME}/x': variables are not replaced"));
  EXPECT_THAT(error_of("storage:\n  region: ${R}\n"), HasSubstr("line 2"));
  EXPECT_THAT(error_of("storage:\n  buckets: 3\n"), HasSubstr("line 2"));
  EXPECT_THAT(error_of("storage:\n  regoin: x\n"), HasSubstr("did you mean region?"));
  EXPECT_THAT(error_of("problems: &a [*a]\n"), HasSubstr("line 1: 'problems' is to have a plain value"));
  EXPECT_THAT(error_of("storage: &a {buckets: *a}\n"), HasSubstr("line 1: unknown key 'buckets'"));
  EXPECT_THAT(error_of("workers: 1\nworkers: 2\n"), HasSubstr("line 2: 'workers' is said already in line 1"));
  EXPECT_THAT(error_of("workers: [1, 2]\n"), HasSubstr("line 1: --workers takes one value"));
  EXPECT_THAT(error_of("ingest: 7\n"), HasSubstr("line 1"));
  EXPECT_THAT(error_of("catalog: [1, 2\n"), HasSubstr("line"));
  EXPECT_THAT(error_of("- 7\n"), HasSubstr("expected a mapping"));
}

TEST_F(SettingsTest, AnEmptyFileChangesNothing) { EXPECT_EQ(error_of(""), "no error"); }

TEST_F(SettingsTest, AFolderIsNoFile) {
  Program program;
  const auto settings = Settings::collect(program.app, {"copy", "--config", folder_.string()}, {});
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("folder"));
}

TEST_F(SettingsTest, ABadValueNamesItsSource) {
  Program program;
  const auto path = config("\nworkers: 0\n");
  const auto settings = Settings::collect(program.app, {"copy", "--config", path}, {{"EARTHCATALOG_MAX_SIZE", "x"}});
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->with_sources("--workers: 0 is less than 1"),
              HasSubstr("(--workers is from " + path + ", line 2)"));
  EXPECT_THAT(settings->with_sources("--max-size: 'x' is no size"), HasSubstr("is from EARTHCATALOG_MAX_SIZE)"));
  EXPECT_EQ(settings->with_sources("--max-size-of-all: no"), "--max-size-of-all: no");
}

TEST_F(SettingsTest, AVariableThatNothingReadsIsNoted) {
  Program program;
  const auto settings = Settings::collect(
      program.app, {"copy"}, {{"EARTHCATALOG_WORKER", "1"}, {"EARTHCATALOG_SOAK", "1"}, {"EARTHCATALOG_DEPS", "x"}});
  ASSERT_TRUE(settings);
  ASSERT_EQ(settings->notes().size(), 1U);
  EXPECT_THAT(settings->notes()[0],
              HasSubstr("EARTHCATALOG_WORKER of the environment; did you mean EARTHCATALOG_WORKERS?"));
}

TEST_F(SettingsTest, MistypedNamesGetTheNearestSuggestion) {
  Program program;
  const auto command = Settings::collect(program.app, {"cpoy"}, {});
  ASSERT_FALSE(command);
  EXPECT_THAT(command.error().message, HasSubstr("did you mean copy?"));
  const auto option = Settings::collect(program.app, {"copy", "--sorce", "x"}, {});
  ASSERT_FALSE(option);
  EXPECT_THAT(option.error().message, HasSubstr("copy has no option --sorce; did you mean --source?"));
}

TEST_F(SettingsTest, NegativeNumbersAreNoOptions) {
  Program program;
  EXPECT_TRUE(Settings::collect(program.app, {"copy", "--workers", "-3", "--", "--what"}, {}));
}

}  // namespace
}  // namespace earthcatalog::cli
