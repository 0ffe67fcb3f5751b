# `make install`: bin/earthcatalog, and in lib/earthcatalog what it links to from EARTHCATALOG_DEPS. It finds them from
# where it lies itself, so that the whole may be moved. Libraries of the system stay the system's.

set_target_properties(earthcatalog PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/earthcatalog")
string(REGEX REPLACE "([][+.*()^$?|\\\\])" "\\\\\\1" _deps_regex "${EARTHCATALOG_DEPS}/")
install(TARGETS earthcatalog
  RUNTIME_DEPENDENCIES POST_INCLUDE_REGEXES "^${_deps_regex}" POST_EXCLUDE_REGEXES ".*"
  RUNTIME DESTINATION bin COMPONENT earthcatalog
  LIBRARY DESTINATION lib/earthcatalog COMPONENT earthcatalog)
