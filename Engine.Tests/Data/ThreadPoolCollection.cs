namespace Engine.Tests.Data;

/// <summary>
/// Tests that occupy the whole thread pool, and tests of a server that answers on it within a time: neither may run beside anything else.
/// </summary>
[CollectionDefinition("thread pool", DisableParallelization = true)]
public sealed class ThreadPoolCollection;
