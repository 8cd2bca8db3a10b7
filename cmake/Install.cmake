# What `cmake --install` puts where; debian/*.install adds the units.
include(GNUInstallDirs)
install(TARGETS sluicectl RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS sluiced sluice-agent RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
