"""What ``utpost doctor`` examines: everything around a gateway that can be wrong, each with its remedy."""
