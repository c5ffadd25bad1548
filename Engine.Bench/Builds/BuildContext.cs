using System.Reflection;
using System.Runtime.Loader;
using BenchmarkDotNet.Attributes;
using Engine.Bench.Kernels;

namespace Engine.Bench.Builds;

/// <summary>
/// A build of this program in a folder, with the libraries beside it, loaded apart from those that run: two builds share one process but
/// no code, so that their kernels can take turns call by call.
/// </summary>
internal sealed class BuildContext : AssemblyLoadContext
{
    private readonly AssemblyDependencyResolver _resolver;

    /// <summary>Loads the build.</summary>
    /// <param name="folder">The folder with Engine.Bench.dll.</param>
    /// <exception cref="FileNotFoundException">The folder has no such file.</exception>
    internal BuildContext(string folder)
        : base(folder)
    {
        string program = Path.GetFullPath(Path.Combine(folder, "Engine.Bench.dll"));
        if (!File.Exists(program))
            throw new FileNotFoundException($"{folder}: expected the folder of a build, with Engine.Bench.dll in it.");
        _resolver = new AssemblyDependencyResolver(program);
        Program = LoadFromAssemblyPath(program);
    }

    internal Assembly Program { get; }

    /// <summary>The kernels of the build, a class each.</summary>
    internal IEnumerable<Type> Benchmarks =>
        Program.GetType(typeof(KernelBenchmark).FullName!) is { } kernel
            ? Program.GetTypes().Where(type => type.IsSubclassOf(kernel) && !type.IsAbstract).OrderBy(type => type.Name)
            : [];

    /// <summary>The properties of a kernel that take several values, without its threads, and the values.</summary>
    internal static IEnumerable<(PropertyInfo Property, object?[] Values)> Parameters(Type benchmark)
    {
        foreach (PropertyInfo property in benchmark.GetProperties())
        {
            // The attribute is of the build's own copy of the library, so it is known by its name alone.
            object? attribute = property.GetCustomAttributes().FirstOrDefault(found => found.GetType().Name == nameof(ParamsAttribute));
            if (attribute?.GetType().GetProperty(nameof(ParamsAttribute.Values))?.GetValue(attribute) is object?[] values)
                yield return (property, values);
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
