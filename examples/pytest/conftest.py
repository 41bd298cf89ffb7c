pytest_plugins = ["telegram_simulator"]
