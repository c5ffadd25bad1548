using System.Reflection;

namespace Engine.Tests;

/// <summary>
/// Writes types and members the way the listing of ILGPU's public interface does: types with their namespace, except those of System;
/// <c>ref</c> for every parameter that is passed by reference, <c>out ref</c> if it only leaves the method.
/// </summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The members that code outside the type can name, leaving out what every type inherits from object.</summary>
    public static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.Name);
        }

        IEnumerable<string> fields = type.GetFields(Declared)
            .Where(field => !field.IsPrivate && !field.IsFamily && !field.IsFamilyAndAssembly)
            .Select(field => $"{Static(field.IsStatic)}{Name(field.FieldType)} {field.Name}");
        IEnumerable<string> constructors = type.GetConstructors(Declared)
            .Where(constructor => !constructor.IsStatic && Visible(constructor))
            .Select(constructor => $"new({Parameters(constructor.GetParameters())})");
        IEnumerable<string> properties = type.GetProperties(Declared).Select(Property).OfType<string>();
        IEnumerable<string> methods = type.GetMethods(Declared)
            .Where(method => Visible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)))
            .Where(method => method.Name is not (nameof(Equals) or nameof(GetHashCode) or nameof(ToString)))
            .Select(Method);
        return [.. fields, .. constructors, .. properties, .. methods];
    }

    /// <summary>The name of a type as the listing writes it: nested types after a dot, type arguments at the end.</summary>
    public static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }

        if (type.IsArray || type.IsPointer)
        {
            return Name(type.GetElementType()!) + (type.IsArray ? "[]" : "*");
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string name = type.Name.Split('`')[0];
        for (Type? outer = type.DeclaringType; outer is not null; outer = outer.DeclaringType)
        {
            name = $"{outer.Name.Split('`')[0]}.{name}";
        }

        if (type.Namespace is { } space and not "System")
        {
            name = $"{space}.{name}";
        }

        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }

    private static string? Property(PropertyInfo property)
    {
        MethodInfo? get = property.GetMethod is { } getter && Visible(getter) ? getter : null;
        MethodInfo? set = property.SetMethod is { } setter && Visible(setter) ? setter : null;
        if ((get ?? set) is not { } accessor)
        {
            return null;
        }

        ParameterInfo[] index = property.GetIndexParameters();
        string name = index.Length == 0 ? property.Name : $"{property.Name}[{Parameters(index)}]";
        return $"{Static(accessor.IsStatic)}{Name(property.PropertyType)} {name} {{ {(get is null ? "" : "get; ")}{(set is null ? "" : "set; ")}}}";
    }

    private static string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";
        return $"{Static(method.IsStatic)}{Name(method.ReturnType)} {method.Name}{generic}({Parameters(method.GetParameters())})";
    }

    private static string Parameters(ParameterInfo[] parameters) =>
        string.Join(", ", parameters.Select(parameter => $"{(parameter.IsOut ? "out " : "")}{Name(parameter.ParameterType)} {parameter.Name}"));

    private static string Static(bool isStatic) => isStatic ? "static " : "";

    // Protected members are seen only by types that derive, which kernels and their callers do not.
    private static bool Visible(MethodBase method) =>
        method.IsPublic || method.IsAssembly || method.IsFamilyOrAssembly;
}
