#include "earthcatalog/cli/calls/call.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <memory>

#include "earthcatalog/backfill/phase.h"
#include "earthcatalog/cli/calls/arguments.h"
#include "earthcatalog/cli/calls/storage.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/options/flag_words.h"
#include "earthcatalog/cli/options/options.h"
#include "earthcatalog/cli/output/option_table.h"
#include "earthcatalog/config/nearest.h"

namespace earthcatalog::cli {
namespace {

constexpr std::string_view kPhasePrefix = "phase:";

// The caller's side of a command: everything goes into the answer or to the hooks.
class Caller final : public Session {
 public:
  Caller(const CallOptions& options, Answer& answer) : options_(options), answer_(answer) {}

  Status watch(const std::function<Status(const Hooks&)>& work) override {
    auto hooks = options_.hooks;
    hooks.warn = [this](const std::string& text) { note(text); };
    return work(hooks);
  }
  EventFunction listener() override {
    if (!options_.hooks.event) return {};
    return [this](Event event) {
      event.message = in_settings(event.message);
      options_.hooks.event(event);
    };
  }
  void note(const std::string& text) override {
    if (options_.note) options_.note(in_settings(text));
  }
  std::string words(std::string_view message) const override { return in_settings(message); }
  std::string tell(const Error& error) override {
    answer_.error = error;
    answer_.error->message = in_settings(error.message);
    return answer_.error->message;
  }
  bool write(std::string_view data) override { return options_.data && options_.data(data); }
  void report(std::string_view json) override { answer_.report = json; }
  bool wants_report(bool) const override { return true; }
  std::shared_ptr<catalog::Lock> held_lock() const override { return options_.lock; }
  const CallersGrid* grid() const override { return options_.grid.get(); }

 private:
  const CallOptions& options_;
  Answer& answer_;
};

// A command that can be called: one that --format json makes answer so, or one that prints items.
struct Callable {
  std::string name;                // "index_build"
  std::vector<std::string> words;  // index build
  const CLI::App* app = nullptr;
};

bool has_format(const CLI::App& app, const char* format) {
  for (const auto& option : option_table(app).options) {
    if (std::ranges::find(option.names, "--format") == option.names.end()) continue;
    return std::ranges::find(option.choices, format) != option.choices.end();
  }
  return false;
}

bool prints_items(const CLI::App& app) { return has_format(app, "ndjson"); }
bool answers_in_json(const CLI::App& app) { return !prints_items(app) && has_format(app, "json"); }

void add_callable(const CLI::App& app, const Callable& above, std::vector<Callable>& callable) {
  Callable here{.name = above.name.empty() ? app.get_name() : above.name + "_" + app.get_name(),
                .words = above.words,
                .app = &app};
  here.words.push_back(app.get_name());
  if (answers_in_json(app) || prints_items(app)) callable.push_back(here);
  for (const auto* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    add_callable(*below, here, callable);
  }
}

// The commands of one call.
class Program {
 public:
  Program() : commands_(make_commands()) {
    for (auto& command : make_calls()) commands_.push_back(std::move(command));
    for (const auto& command : commands_) command->setup(app_);
    for (const auto* command : app_.get_subcommands([](const CLI::App*) { return true; })) {
      add_callable(*command, {}, callable_);
    }
  }

  const std::vector<Callable>& callable() const { return callable_; }

  Status parse(const Callable& callable, std::string_view spec, const std::string& storage) {
    auto arguments = callable.words;
    if (answers_in_json(*callable.app)) arguments.emplace_back("--format=json");
    if (!storage.empty() && callable.app->get_option_no_throw(fmt::format("--{}", kStorageSectionOption)) != nullptr) {
      EC_ASSIGN_OR_RETURN(const auto section, storage_section(storage));
      arguments.push_back(fmt::format("--{}={}", kStorageSectionOption, section));
    }
    EC_ASSIGN_OR_RETURN(const auto of_spec, arguments_of(*callable.app, spec, prints_items(*callable.app)));
    arguments.insert(arguments.end(), of_spec.begin(), of_spec.end());
    std::ranges::reverse(arguments);  // as CLI11 wants them
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      return fail(ErrorKind::kInvalidArgument, "{}", error.what());
    }
    return {};
  }

  void run(Session& session) {
    for (const auto& command : commands_) {
      if (command->chosen()) command->execute(session);
    }
  }

 private:
  CLI::App app_;
  std::vector<std::unique_ptr<Command>> commands_;
  std::vector<Callable> callable_;
};

std::vector<std::string> names_of(const Program& program) {
  std::vector<std::string> names;
  for (const auto& callable : program.callable()) names.push_back(callable.name);
  for (const auto phase : backfill::phase_names()) names.push_back(std::string(kPhasePrefix) + std::string(phase));
  std::ranges::sort(names);
  return names;
}

Result<std::string> call_phase(std::string_view name, std::string_view spec, const CallOptions& options) {
  EC_ASSIGN_OR_RETURN(auto settings, call_storage(options.storage));
  settings.event = options.hooks.event;
  storage::Stores stores(settings);
  const backfill::PhaseObjects objects{.partitioner = options.grid ? options.grid->partitioner : nullptr,
                                       .held_lock = options.lock};
  return backfill::run_phase(stores, name.substr(kPhasePrefix.size()), spec, options.hooks, objects);
}

Status call_command(std::string_view name, std::string_view spec, const CallOptions& options, Caller& caller) {
  Program program;
  const auto callable = std::ranges::find(program.callable(), name, &Callable::name);
  if (callable == program.callable().end()) {
    return fail(ErrorKind::kInvalidArgument, "there is no call '{}'{}", name,
                config::did_you_mean(name, names_of(program)));
  }
  EC_TRY(program.parse(*callable, spec, options.storage));
  program.run(caller);
  return {};
}

}  // namespace

Answer call(std::string_view name, std::string_view spec, const CallOptions& options) {
  Answer answer;
  Caller caller(options, answer);
  try {
    if (name.starts_with(kPhasePrefix)) {
      auto report = call_phase(name, spec, options);
      if (report) {
        answer.report = *std::move(report);
      } else {
        caller.tell(report.error());
      }
    } else if (const auto status = call_command(name, spec, options, caller); !status) {
      caller.tell(status.error());
    }
  } catch (const std::exception& error) {
    caller.tell({.kind = ErrorKind::kIOError, .message = fmt::format("unexpected: {}", error.what())});
  }
  return answer;
}

std::vector<std::string> call_names() { return names_of(Program()); }

}  // namespace earthcatalog::cli
