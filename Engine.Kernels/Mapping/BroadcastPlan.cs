using Engine.Kernels.Mapping.Gpu;

namespace Engine.Kernels.Mapping;

/// <summary>
/// How up to four arguments are walked to fill an output: the axes of the output, outermost first, with neighbours merged where every
/// argument allows it, and for each argument the step along each axis (0 where it is broadcast). On the innermost axis a step is
/// 0 or 1. GPU kernels take it as a <see cref="MapWalk"/>.
/// </summary>
internal unsafe struct BroadcastPlan
{
    internal const int Arguments = 4;

    internal int Rank;
    internal fixed int Extents[Shape.MaxRank];
    internal fixed int Steps[Arguments * Shape.MaxRank];

    /// <summary>The extent of the innermost axis.</summary>
    internal readonly int Inner => Extents[Rank - 1];

    /// <summary>Whether the first <paramref name="arity"/> arguments are walked as the output is: nothing is broadcast.</summary>
    internal readonly bool IsFlat(int arity)
    {
        for (int i = 0; i < arity; i++)
            if (Rank != 1 || Steps[i * Shape.MaxRank] != 1) return false;
        return true;
    }

    /// <summary>The plan for an output and the arguments that broadcast to it.</summary>
    /// <exception cref="ArgumentException">An argument does not broadcast to the output.</exception>
    internal static BroadcastPlan Create(string operation, Shape output, params ReadOnlySpan<Shape> arguments)
    {
        BroadcastPlan plan = default;
        Span<int> strides = stackalloc int[Arguments];
        Span<int> steps = stackalloc int[Arguments];
        strides.Fill(1);

        // Axes are visited from the innermost and merged into the one before them; Extents and Steps are turned round at the end.
        for (int axis = 1; axis <= output.Rank; axis++)
        {
            int extent = output[-axis];
            for (int i = 0; i < arguments.Length; i++)
            {
                int own = axis <= arguments[i].Rank ? arguments[i][-axis] : 1;
                if (own != extent && own != 1) throw Mismatch(operation, output, arguments[i]);
                steps[i] = own == 1 ? 0 : strides[i];
                strides[i] *= own;
            }

            if (extent != 1) plan.Append(extent, steps);
        }

        foreach (Shape argument in arguments)
            if (argument.Rank > output.Rank) throw Mismatch(operation, output, argument);
        if (plan.Rank == 0)
        {
            plan.Rank = 1;
            plan.Extents[0] = 1;
        }

        plan.TurnRound();
        return plan;
    }

    private void Append(int extent, ReadOnlySpan<int> steps)
    {
        if (Rank > 0 && Continues(steps))
        {
            Extents[Rank - 1] *= extent;
            return;
        }

        Extents[Rank] = extent;
        for (int i = 0; i < Arguments; i++) Steps[(i * Shape.MaxRank) + Rank] = steps[i];
        Rank++;
    }

    private readonly bool Continues(ReadOnlySpan<int> steps)
    {
        for (int i = 0; i < Arguments; i++)
            if (steps[i] != Steps[(i * Shape.MaxRank) + Rank - 1] * Extents[Rank - 1]) return false;
        return true;
    }

    private void TurnRound()
    {
        for (int a = 0, b = Rank - 1; a < b; a++, b--)
        {
            (Extents[a], Extents[b]) = (Extents[b], Extents[a]);
            for (int i = 0; i < Arguments; i++)
            {
                int row = i * Shape.MaxRank;
                (Steps[row + a], Steps[row + b]) = (Steps[row + b], Steps[row + a]);
            }
        }
    }

    private static ArgumentException Mismatch(string operation, Shape output, Shape argument) =>
        new($"{operation}: shape {argument} does not broadcast to {output}.");
}
