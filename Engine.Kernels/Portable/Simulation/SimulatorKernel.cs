using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Portable;

/// <summary>A loaded kernel: checked as far as ILGPU's compiler would refuse it, then ready to run any number of times.</summary>
internal sealed class SimulatorKernel
{
    private readonly Accelerator accelerator;
    private readonly string name;

    public SimulatorKernel(Accelerator accelerator, Delegate action)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ArgumentNullException.ThrowIfNull(action);
        this.accelerator = accelerator;
        MethodInfo method = action.Method;
        name = $"{method.DeclaringType?.Name}.{method.Name}";
        KernelRules.Check(name, method, action.Target);
    }

    /// <summary>Runs an explicitly grouped kernel, group after group.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The grid or the group is empty or too large.</exception>
    /// <exception cref="InvalidOperationException">
    /// A thread of the kernel failed, or its threads wait for each other without end.
    /// </exception>
    public void RunGroups(KernelConfig config, Action body)
    {
        CheckDimensions(config);
        using var run = new KernelRun(name, accelerator, config.GridDim, config.GroupDim);
        using var group = new GroupRun(run, config.SharedMemoryConfig, body);
        for (int z = 0; z < config.GridDim.Z; z++)
        {
            for (int y = 0; y < config.GridDim.Y; y++)
            {
                for (int x = 0; x < config.GridDim.X; x++)
                {
                    group.Run(new Index3D(x, y, z));
                }
            }
        }
    }

    /// <summary>Runs an implicitly grouped kernel, once for every index of <paramref name="extent"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The extent is empty, which ILGPU refuses as well.</exception>
    /// <exception cref="InvalidOperationException">A thread of the kernel failed.</exception>
    public void RunEach<TIndex>(TIndex extent, Action<TIndex> body)
        where TIndex : struct, IIndex
    {
        Index3D grid = GridOf(extent);
        if (Index3D.Min(grid, Index3D.One) != Index3D.One)
        {
            throw new ArgumentOutOfRangeException(
                nameof(extent), $"Kernel {name} was launched over {extent}: every dimension has to be at least 1.");
        }

        using var run = new KernelRun(name, accelerator, grid, Index3D.One);
        KernelThread? before = KernelThread.Enter(new KernelThread(run, 0, Index3D.Zero));
        try
        {
            for (int z = 0; z < grid.Z; z++)
            {
                for (int y = 0; y < grid.Y; y++)
                {
                    for (int x = 0; x < grid.X; x++)
                    {
                        run.GridIndex = new Index3D(x, y, z);
                        body(FromGrid<TIndex>(run.GridIndex));
                        run.FreeLocal();
                    }
                }
            }
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"Kernel {name} failed at index {FromGrid<TIndex>(run.GridIndex)} of {extent}: {exception.Message}", exception);
        }
        finally
        {
            KernelThread.Enter(before);
        }
    }

    private void CheckDimensions(KernelConfig config)
    {
        if (!config.IsValid)
        {
            throw new ArgumentOutOfRangeException(
                nameof(config),
                $"Kernel {name} was launched with grid {config.GridDim} and group {config.GroupDim}: " +
                "every dimension has to be at least 1.");
        }

        int largestGroup = accelerator.MaxNumThreadsPerGroup;
        if (config.GroupDim.LongSize > largestGroup)
        {
            throw new ArgumentOutOfRangeException(
                nameof(config),
                $"Kernel {name} was launched with group {config.GroupDim}, {config.GroupDim.LongSize} threads: " +
                $"at most {largestGroup} fit.");
        }

        Index3D largestGrid = accelerator.MaxGridSize;
        if (Index3D.Min(config.GridDim, largestGrid) != config.GridDim)
        {
            throw new ArgumentOutOfRangeException(
                nameof(config), $"Kernel {name} was launched with grid {config.GridDim}: at most {largestGrid} fits.");
        }
    }

    private static Index3D GridOf<TIndex>(TIndex extent)
        where TIndex : struct, IIndex
    {
        object boxed = extent;
        return boxed switch
        {
            Index1D one => new Index3D(one.X, 1, 1),
            Index2D two => new Index3D(two, 1),
            Index3D three => three,
            LongIndex1D one => new Index3D(one.ToIntIndex().X, 1, 1),
            _ => throw new NotSupportedException($"{typeof(TIndex).Name} is no index type of a kernel."),
        };
    }

    // The comparisons of types are decided when the method is compiled for TIndex, so that only one branch is left.
    private static TIndex FromGrid<TIndex>(Index3D at)
        where TIndex : struct, IIndex
    {
        if (typeof(TIndex) == typeof(Index1D))
        {
            Index1D one = new(at.X);
            return Unsafe.As<Index1D, TIndex>(ref one);
        }

        if (typeof(TIndex) == typeof(Index2D))
        {
            Index2D two = at.XY;
            return Unsafe.As<Index2D, TIndex>(ref two);
        }

        if (typeof(TIndex) == typeof(LongIndex1D))
        {
            LongIndex1D one = new(at.X);
            return Unsafe.As<LongIndex1D, TIndex>(ref one);
        }

        return Unsafe.As<Index3D, TIndex>(ref at);
    }
}
