public import ArgumentParser
public import Errata

extension Editor.Preset: ExpressibleByArgument {}
