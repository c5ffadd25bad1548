using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Engine.Tests.Surface;

/// <summary>
/// A public method or constructor that can be called with boxed arguments, also where it takes spans, which reflection cannot pass: an
/// array stands for a span.
/// </summary>
internal sealed class PublicMember
{
    private readonly Func<object?, object?[], object?> _call;

    internal PublicMember(MethodBase member)
    {
        Member = member;
        Parameters = member.GetParameters();
        _call = Compile(member, Parameters);
    }

    internal MethodBase Member { get; }

    internal ParameterInfo[] Parameters { get; }

    /// <summary><c>Tensor.Slice(Int32, Int32, Int32)</c>.</summary>
    internal string Name =>
        $"{Member.DeclaringType!.Name}.{(Member.IsConstructor ? "new" : Member.Name)}"
        + $"({string.Join(", ", Parameters.Select(parameter => Describe(parameter.ParameterType)))})";

    internal object? Call(object? target, object?[] arguments) => _call(target, arguments);

    private static string Describe(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? $"{Describe(inner)}?"
        : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(Describe))}>"
        : type.Name;

    private static Func<object?, object?[], object?> Compile(MethodBase member, ParameterInfo[] parameters)
    {
        DynamicMethod method = new("Call", typeof(object), [typeof(object), typeof(object[])], typeof(PublicMember).Module, true);
        ILGenerator il = method.GetILGenerator();
        if (!member.IsStatic && !member.IsConstructor)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Castclass, member.DeclaringType!);
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            if (type.IsByRef && parameters[i].IsOut)
            {
                il.Emit(OpCodes.Ldloca, il.DeclareLocal(type.GetElementType()!));
                continue;
            }

            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            if (IsSpan(type))
            {
                Type array = type.GetGenericArguments()[0].MakeArrayType();
                il.Emit(OpCodes.Castclass, array);
                il.Emit(OpCodes.Call, type.GetMethod("op_Implicit", [array])!);
            }
            else if (type.IsByRef)
            {
                il.Emit(OpCodes.Unbox, type.GetElementType()!);
            }
            else
            {
                il.Emit(OpCodes.Unbox_Any, type);
            }
        }

        Type result;
        if (member is ConstructorInfo constructor)
        {
            il.Emit(OpCodes.Newobj, constructor);
            result = constructor.DeclaringType!;
        }
        else
        {
            il.Emit(member.IsVirtual ? OpCodes.Callvirt : OpCodes.Call, (MethodInfo)member);
            result = ((MethodInfo)member).ReturnType;
        }

        if (result == typeof(void)) il.Emit(OpCodes.Ldnull);
        else if (result.IsValueType) il.Emit(OpCodes.Box, result);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object?, object?[], object?>>();
    }

    internal static bool IsSpan(Type type) => type.IsGenericType
        && (type.GetGenericTypeDefinition() == typeof(ReadOnlySpan<>) || type.GetGenericTypeDefinition() == typeof(Span<>));
}
