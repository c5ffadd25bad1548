namespace ILGPU;

/// <summary>
/// Operations on memory that no other thread can come between. Each returns what was there before. Sums of floating-point numbers are
/// taken in the order of the threads here, and in any order on a card.
/// </summary>
internal static class Atomic
{
    public static int Add(ref int target, int value) => unchecked(Interlocked.Add(ref target, value) - value);

    public static int Max(ref int target, int value)
    {
        int before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static int Min(ref int target, int value)
    {
        int before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static int CompareExchange(ref int target, int compare, int value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static float Add(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, before + value) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float Max(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float Min(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float CompareExchange(ref float target, float compare, float value) =>
        Interlocked.CompareExchange(ref target, value, compare);
}
