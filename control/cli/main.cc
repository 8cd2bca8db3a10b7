// SPDX-License-Identifier: Apache-2.0
// sluicectl: asks sluiced, and checks its configuration files.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "cli/output.h"
#include "cli/verb.h"

namespace sluice::cli {

namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

size_t words_in(std::string_view text) {
  return text.empty() ? 0 : size_t(std::ranges::count(text, ' ')) + 1;
}

std::string invocation(const Verb& verb) {
  return std::string(verb.name) + (verb.arguments.empty() ? "" : " ") + std::string(verb.arguments);
}

std::string invocation(const VerbOption& option) {
  return fmt::format("{}{}{}", option.name, option.value.empty() ? "" : " ", option.value);
}

// "-o, --output FORMAT"
std::string invocation(const CLI::Option& option) {
  std::string out;
  for (const std::string& name : option.get_snames()) out += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) out += "--" + name;
  return option.get_expected() == 0 ? out : out + " " + option.get_type_name();
}

std::string overview(const CLI::App& app) {
  std::string out = "usage: sluicectl [OPTIONS] VERB [ARGUMENTS]\n\n";
  for (const Verb& verb : verbs())
    out += fmt::format("  {:<28}  {}\n", invocation(verb), verb.summary);
  out +=
      fmt::format("  {:<28}  {}\n\noptions:\n", "help [VERB]", "this table, or more about a verb");
  for (const CLI::Option* option : app.get_options())
    if (!option->get_description().empty())
      out += fmt::format("  {:<28}  {}\n", invocation(*option), option->get_description());
  return out + "\nexit status: 0 done, 1 failed (the reason is on standard error), 2 wrong usage\n";
}

std::string usage_of(const Verb& verb) {
  std::string out = invocation(verb);
  for (const VerbOption& option : verb.options)
    if (option.required) out += " " + invocation(option);
  return out;
}

std::string help_of(const Verb& verb) {
  std::string out = fmt::format("usage: sluicectl [OPTIONS] {}\n\n{}.\n{}\n", usage_of(verb),
                                verb.summary, verb.details);
  if (!verb.options.empty()) out += "\noptions:\n";
  for (const VerbOption& option : verb.options)
    out += fmt::format("  {:<20}  {}\n", invocation(option), option.summary);
  return out;
}

// The verb that `words` begin with.
const Verb* find_verb(const std::vector<std::string>& words) {
  const std::string text = fmt::format("{} ", fmt::join(words, " "));
  for (const Verb& verb : verbs())
    if (text.starts_with(std::string(verb.name) + " ")) return &verb;
  return nullptr;
}

int complain(const std::string& what) {
  fmt::print(stderr, "sluicectl: {}\nTry 'sluicectl help'.\n", printable(what));
  return kUsage;
}

int help(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "help") {
    fmt::print("{}", overview(app));
    return 0;
  }
  const Verb* const verb = find_verb(words);
  if (!verb) return complain(fmt::format("there is no verb \"{}\"", fmt::join(words, " ")));
  fmt::print("{}", help_of(*verb));
  return 0;
}

// The first option given that the verb does not have; null: there is none.
const std::string* alien_option(const Verb& verb, const Options& options) {
  for (const auto& [name, value] : options.of_verb)
    if (std::ranges::find(verb.options, name, &VerbOption::name) == verb.options.end())
      return &name;
  return nullptr;
}

bool has_required(const Verb& verb, const Options& options) {
  return std::ranges::all_of(verb.options, [&](const VerbOption& option) {
    return !option.required || options.find(option.name);
  });
}

bool takes(const Verb& verb, size_t arguments) {
  const size_t most = words_in(verb.arguments);
  return arguments <= most && arguments + size_t(std::ranges::count(verb.arguments, '[')) >= most;
}

int run(const Verb& verb, const Options& options, const std::vector<std::string>& words) {
  const std::span<const std::string> arguments = std::span(words).subspan(words_in(verb.name));
  if (!takes(verb, arguments.size()) || !has_required(verb, options))
    return complain(fmt::format("usage: sluicectl {}", usage_of(verb)));
  if (const std::string* alien = alien_option(verb, options))
    return complain(fmt::format("{} has no option {}", verb.name, *alien));
  const Result<int> status = verb.run(options, arguments);
  if (status) return *status;
  fmt::print(stderr, "sluicectl: {}\n", printable_lines(status.error().message, 2));
  return kFailed;
}

int run(const CLI::App& app, bool wants_help, const Options& options,
        std::vector<std::string> words) {
  if (!words.empty() && words[0] == "help") {
    words.erase(words.begin());
    wants_help = true;
  }
  if (wants_help) return help(app, words);
  if (words.empty()) {
    fmt::print(stderr, "{}", overview(app));
    return kUsage;
  }
  const Verb* const verb = find_verb(words);
  if (!verb) return complain(fmt::format("there is no verb \"{}\"", fmt::join(words, " ")));
  return run(*verb, options, words);
}

// What only some verbs know, without a description: the overview leaves it out.
void add_options_of_verbs(CLI::App& app, Options& options) {
  for (const Verb& verb : verbs())
    for (const VerbOption& o : verb.options) {
      const std::string name(o.name);
      if (app.get_option_no_throw(name)) continue;  // another verb has it, too
      if (o.value.empty()) {
        app.add_flag_callback(name, [&options, name] { options.of_verb[name] = ""; });
        continue;
      }
      CLI::Option* const option = app.add_option_function<std::string>(
          name, [&options, name](const std::string& value) { options.of_verb[name] = value; });
      if (o.check) option->check(CLI::Validator(o.check, ""));
    }
}

int parse_and_run(int argc, char** argv) {
  Options options;
  std::vector<std::string> words;
  bool wants_help = false;
  CLI::App app;
  app.set_help_flag();
  app.add_option("words", words);
  app.add_option("-o,--output", options.output, "how to print: table (default) or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}).description(""));
  app.add_option("--instance", options.instance, "which sluiced (default \"default\")")
      ->type_name("NAME");
  app.add_option("--socket", options.socket, "its socket (default /run/sluice/NAME.sock)")
      ->type_name("PATH");
  app.add_option("--bpffs", options.bpffs, "where unload looks for pins (default /sys/fs/bpf)")
      ->type_name("DIR");
  app.add_flag("-h,--help", wants_help, "more about a verb, or this");
  add_options_of_verbs(app, options);
  app.set_version_flag("--version", "sluicectl " SLUICE_VERSION, "the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    return complain(error.what());
  }
  options.color = ::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR");
  return run(app, wants_help, options, std::move(words));
}

}  // namespace

}  // namespace sluice::cli

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  const int status = sluice::cli::parse_and_run(argc, argv);
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return status;
  std::perror("sluicectl: write to standard output");
  return 1;
}
