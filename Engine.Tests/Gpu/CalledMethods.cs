using System.Reflection;
using System.Reflection.Emit;

namespace Engine.Tests.Gpu;

/// <summary>What a method calls, read from its code: for promises about calls that a test cannot observe.</summary>
internal static class CalledMethods
{
    private static readonly Dictionary<short, OpCode> s_codes =
        typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The methods that are reached from one, by calls that name them.</summary>
    /// <param name="from">Where to start.</param>
    /// <param name="isRead">Whether the code of a method that was reached is read too.</param>
    internal static HashSet<MethodBase> From(MethodBase from, Func<MethodBase, bool> isRead)
    {
        HashSet<MethodBase> reached = [];
        Stack<MethodBase> open = new([from]);
        while (open.TryPop(out MethodBase? method))
            foreach (MethodBase called in Of(method))
                if (reached.Add(called) && isRead(called)) open.Push(called);
        return reached;
    }

    /// <summary>The methods that one names: what it calls, and what it makes delegates of.</summary>
    internal static IEnumerable<MethodBase> Of(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        Type[] ofType = method.DeclaringType?.GetGenericArguments() ?? [];
        Type[] ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            short value = code[at++];
            if (value == 0xFE) value = (short)(0xFE00 | code[at++]);
            OpCode instruction = s_codes[value];
            if (instruction.OperandType == OperandType.InlineMethod)
                yield return method.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType, ofMethod)!;
            at += instruction.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
