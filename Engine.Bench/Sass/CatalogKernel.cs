using System.Reflection;
using Engine.Kernels.Gemm.Gpu;
using ILGPU;

namespace Engine.Bench.Sass;

/// <summary>A kernel with its type arguments.</summary>
/// <param name="Method">The kernel method.</param>
internal sealed record CatalogKernel(MethodInfo Method)
{
    /// <summary>Names that types of several namespaces have.</summary>
    private static readonly HashSet<string> s_shared = [.. typeof(TensorTile).Assembly.GetTypes().Where(type => !type.IsNested)
        .GroupBy(type => type.Name).Where(types => types.Skip(1).Any()).Select(types => types.Key)];

    /// <summary>Threads of a group at most; 0 where ILGPU chooses them when the kernel is loaded.</summary>
    internal int Group =>
        IsIndex(Method.GetParameters()[0]) ? 0
        : Method.DeclaringType!.Name.StartsWith(nameof(TensorTile), StringComparison.Ordinal) ? TensorTile.Threads
        : 256;

    /// <summary>As in <c>RegisterTileMatMul&lt;Float, Relu&gt;</c>.</summary>
    internal string Name => Short(Method.DeclaringType!) + (Method.Name == "Kernel" ? "" : "." + Method.Name)
        + (Method.IsGenericMethod ? $"<{string.Join(", ", Method.GetGenericArguments().Select(Short))}>" : "");

    /// <summary>Whether it is the index of a thread, as kernels take that ILGPU groups by itself.</summary>
    internal static bool IsIndex(ParameterInfo parameter) => typeof(IIndex).IsAssignableFrom(parameter.ParameterType);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string Short(Type type)
    {
        string name = type.Name.Split('`')[0];
        if (name.EndsWith("Scalar", StringComparison.Ordinal)) name = name[..^"Scalar".Length];
        if (type.IsNested && !type.IsGenericType) name = $"{Short(type.DeclaringType!)}.{name}";
        else if (s_shared.Contains(type.Name)) name = $"{type.Namespace!.Split('.')[^1]}.{name}";
        return type.IsConstructedGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Short))}>" : name;
    }
}
