using System.Reflection;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>What ILGPU's compiler refuses in the signature of a kernel, so that a kernel that loads here loads there.</summary>
internal static class KernelRules
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Checks a kernel method.</summary>
    /// <exception cref="NotSupportedException">The method captures variables.</exception>
    /// <exception cref="ArgumentException">A parameter is or holds what a device cannot take.</exception>
    public static void Check(string name, MethodInfo method, object? target)
    {
        if (target is not null && target.GetType().GetFields(Fields).Length > 0)
        {
            throw new NotSupportedException(
                $"Kernel {name} uses variables of the method or object around it. A kernel knows only its parameters: make it a static method.");
        }

        foreach (ParameterInfo parameter in method.GetParameters())
        {
            if (Forbidden(parameter.ParameterType) is { } type)
            {
                throw new ArgumentException(
                    $"Parameter {parameter.Name} of kernel {name} is or holds a {type.Name}, which no device can take. " +
                    "Numbers, structs of them and ArrayView can be passed; pass an int for a bool.");
            }
        }
    }

    private static Type? Forbidden(Type type)
    {
        if (type == typeof(bool) || type == typeof(char) || type == typeof(decimal) || !type.IsValueType)
        {
            return type;
        }

        if (type.IsPrimitive || type.IsEnum || IsView(type))
        {
            return null;
        }

        return type.GetFields(Fields).Select(field => Forbidden(field.FieldType)).FirstOrDefault(found => found is not null);
    }

    private static bool IsView(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(ArrayView<>) || type.GetGenericTypeDefinition() == typeof(ArrayView1D<,>));
}
