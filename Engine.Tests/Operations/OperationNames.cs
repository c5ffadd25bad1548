using System.Reflection;
using Engine.Autograd.Bijections;

namespace Engine.Tests.Operations;

/// <summary>
/// The names of the public operations: every public method or operator of these classes that makes a tensor, or one with its
/// log-determinant.
/// </summary>
internal static class OperationNames
{
    private static readonly Dictionary<string, string> s_symbols = new()
    {
        ["op_Addition"] = "+", ["op_Subtraction"] = "-", ["op_Multiply"] = "*", ["op_Division"] = "/", ["op_UnaryNegation"] = "-",
    };

    internal static IReadOnlyList<string> All { get; } =
    [
        .. new[] { typeof(Tensor), typeof(Loss), typeof(Sampling), typeof(LogLikelihood), typeof(KullbackLeibler), typeof(Bijection) }
            .SelectMany(type => type.GetMethods(
                BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.ReturnType == typeof(Tensor) || method.ReturnType == typeof(Transformed))
            .Select(Name)
            .Distinct()
            .Order(StringComparer.Ordinal),
    ];

    private static string Name(MethodInfo method)
    {
        if (!method.IsSpecialName) return $"{method.DeclaringType!.Name}.{method.Name}";
        if (method.Name == "get_Part") return "Tensor.this[]";
        IEnumerable<string> types = method.GetParameters()
            .Select(parameter => parameter.ParameterType == typeof(Tensor) ? "Tensor" : "double");
        return $"Tensor.operator {s_symbols[method.Name]}({string.Join(", ", types)})";
    }
}
