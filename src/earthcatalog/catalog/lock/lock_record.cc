#include <cmath>
#include <nlohmann/json.hpp>

#include "earthcatalog/catalog/lock/lock.h"

namespace earthcatalog::catalog {
namespace {

using nlohmann::json;

Result<TimeMicros> read_time(const json& value, std::string_view member) {
  if (value.is_number()) return static_cast<TimeMicros>(std::llround(value.get<double>() * kMicrosPerSecond));
  if (value.is_string()) {
    if (const auto parsed = parse_time(value.get_ref<const std::string&>())) return parsed->micros;
  }
  return fail(ErrorKind::kInvalidData, "\"{}\" is no time: {}", member, value.dump());
}

std::string text_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// Who holds the lock, as far as it says.
std::string holder(const LockRecord& lock) {
  std::string text = fmt::format("{} (process {} on {}", lock.owner.empty() ? "somebody" : lock.owner, lock.pid,
                                 lock.hostname.empty() ? "an unnamed host" : lock.hostname);
  if (!lock.run_id.empty()) text += fmt::format(", run {}", lock.run_id);
  return text + ")";
}

nlohmann::ordered_json without_token(const LockRecord& lock) {
  nlohmann::ordered_json object;
  object["owner"] = lock.owner;
  object["pid"] = lock.pid;
  object["hostname"] = lock.hostname;
  object["acquired"] = format_time(lock.acquired);
  object["ttl_hours"] = lock.ttl_hours;
  object["run_id"] = lock.run_id;
  object["boot_id"] = lock.boot_id;
  object["pid_namespace"] = lock.pid_namespace;
  object["process_start_time"] = lock.process_start_time;
  if (lock.heartbeat) object["heartbeat"] = format_time(*lock.heartbeat);
  return object;
}

std::string detail_of(const LockRecord& lock, std::string_view lock_uri, std::string_view catalog) {
  auto object = without_token(lock);
  object["catalog"] = catalog;
  object["lock_uri"] = lock_uri;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string LockRecord::to_json() const {
  auto object = without_token(*this);
  object["token"] = token;
  return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<LockRecord> LockRecord::parse(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(ErrorKind::kInvalidData, "it is no JSON object");
  LockRecord record;
  record.owner = text_of(object, "owner");
  record.pid = number_of(object, "pid");
  record.hostname = text_of(object, "hostname");
  if (!object.contains("acquired")) return fail(ErrorKind::kInvalidData, "it has no member \"acquired\"");
  EC_ASSIGN_OR_RETURN(record.acquired, read_time(object["acquired"], "acquired"));
  if (const auto ttl = object.find("ttl_hours"); ttl != object.end() && ttl->is_number()) {
    record.ttl_hours = ttl->get<double>();
  }
  record.run_id = text_of(object, "run_id");
  record.boot_id = text_of(object, "boot_id");
  record.pid_namespace = text_of(object, "pid_namespace");
  record.process_start_time = number_of(object, "process_start_time");
  record.token = text_of(object, "token");
  if (const auto beat = object.find("heartbeat"); beat != object.end() && !beat->is_null()) {
    EC_ASSIGN_OR_RETURN(record.heartbeat, read_time(*beat, "heartbeat"));
  }
  return record;
}

std::optional<std::string> why_stale(const LockRecord& lock, const LockOptions& mine) {
  const bool same_machine = !lock.boot_id.empty() && lock.boot_id == mine.host.boot_id &&
                            lock.hostname == mine.host.hostname && lock.pid_namespace == mine.host.pid_namespace;
  if (same_machine && mine.host.process_lives && !mine.host.process_lives(lock.pid, lock.process_start_time)) {
    return fmt::format("process {} of this host is gone", lock.pid);
  }
  const TimeMicros now = mine.clock();
  if (lock.heartbeat) {
    if (now - *lock.heartbeat <= mine.stale_after_seconds * kMicrosPerSecond) return std::nullopt;
    return fmt::format("its last heartbeat was at {}", format_time(*lock.heartbeat));
  }
  if (static_cast<double>(now - lock.acquired) <= lock.ttl_hours * 3600 * kMicrosPerSecond) return std::nullopt;
  return fmt::format("it was taken at {} for {} hours", format_time(lock.acquired), lock.ttl_hours);
}

std::string default_lock_uri(std::string_view catalog) { return fmt::format("{}.lock", catalog); }

Error catalog_locked(const LockRecord& lock, std::string_view lock_uri, std::string_view catalog) {
  std::string message =
      fmt::format("CatalogLocked: {} is locked by {} since {}", catalog, holder(lock), format_time(lock.acquired));
  if (lock.heartbeat) {
    message += fmt::format(", last heartbeat {}", format_time(*lock.heartbeat));
  } else {
    message += fmt::format(", for {} hours", lock.ttl_hours);
  }
  message +=
      fmt::format(" (lock {}); wait for it to end, or, if you know that it is dead, run: `unlock(force, catalog={}",
                  lock_uri, catalog);
  if (lock_uri != default_lock_uri(catalog)) message += fmt::format(", lock={}", lock_uri);
  message += ")`";
  return Error{ErrorKind::kLocked, std::move(message), detail_of(lock, lock_uri, catalog)};
}

Error lock_lost(const std::optional<LockRecord>& now, std::string_view lock_uri, std::string_view catalog) {
  const std::string fate = now ? fmt::format("it was taken over by {} (process {} on {}, run {}) at {}", now->owner,
                                             now->pid, now->hostname, now->run_id, format_time(now->acquired))
                               : std::string("it was removed");
  return Error{ErrorKind::kLocked,
               fmt::format("the lock {} of {} is no longer ours: {}; nothing more is committed by this run, start it "
                           "again when the other one is done",
                           lock_uri, catalog, fate),
               now ? detail_of(*now, lock_uri, catalog) : std::string()};
}

}  // namespace earthcatalog::catalog
