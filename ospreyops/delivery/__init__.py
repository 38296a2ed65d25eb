"""How a release gets from its archive into Docker: uploaded, extracted, loaded. The actions of the steps that do it."""
