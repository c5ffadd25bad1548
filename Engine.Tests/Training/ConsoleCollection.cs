namespace Engine.Tests.Training;

/// <summary>Tests that read what a program writes to the console: nothing else may run, and write there, meanwhile.</summary>
[CollectionDefinition("console", DisableParallelization = true)]
public sealed class ConsoleCollection;
