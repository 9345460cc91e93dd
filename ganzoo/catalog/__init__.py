"""What is registered: plugins, models, parts and presets, found and looked up by name."""
