using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;
using Engine.Bench.Sass;
using Engine.Kernels.Attention.Gpu;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using Engine.Kernels.Mapping.Gpu;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;
using Engine.Kernels.Rows;
using Engine.Kernels.Rows.Gpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Relu = Engine.Kernels.Elementwise.Relu;

namespace Engine.Tests.Gpu;

/// <summary>What the kernels become for NVIDIA's cards; no card is needed for this.</summary>
public sealed class PtxTests
{
    private static readonly FrozenDictionary<string, CatalogKernel> s_kernels =
        KernelCatalog.Kernels.ToFrozenDictionary(kernel => kernel.Name);

    private static readonly FrozenDictionary<string, CatalogKernel> s_operations =
        KernelCatalog.Operations.ToFrozenDictionary(kernel => kernel.Name);

    private static readonly Lazy<PtxCompiler> s_compiler = new(() => new PtxCompiler(CudaArchitecture.SM_80));

    /// <summary>Every kernel with the type arguments that stand for all.</summary>
    public static TheoryData<string> Kernels => [.. s_kernels.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The elementwise operations, as the kernels get them: those without type parameters of their own.</summary>
    public static TheoryData<string> Operations => [.. s_operations.Keys.Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Kernels))]
    public void Kernels_compile_keep_to_registers_and_compute_with_exact_instructions(string name) => Check(s_kernels[name]);

    [Theory, MemberData(nameof(Operations))]
    public void Elementwise_operations_compile_keep_to_registers_and_compute_with_exact_instructions(string name) =>
        Check(s_operations[name]);

    private static void Check(CatalogKernel kernel)
    {
        string ptx = Ptx(kernel);
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain(".extern", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain("approx", ptx, StringComparison.Ordinal);
        Assert.InRange(Regex.Matches(ptx, @"\.shared\b.*\[(\d+)\];").Sum(array => int.Parse(array.Groups[1].Value)), 0, 48 * 1024);

        // A branch on a condition that ILGPU takes for the same in all threads: it is not always.
        Assert.DoesNotMatch(@"@!?%p\d+\s+bra\.uni", ptx);
        if (kernel.Method.GetGenericArguments().Contains(typeof(FloatScalar)))
            Assert.DoesNotMatch(@"\b(add|sub|mul|fma|div|sqrt)\S*\.f64", ptx);
    }

    [Fact]
    public void The_catalog_has_every_kernel()
    {
        System.Reflection.Module module = typeof(Map).Module;
        HashSet<MethodInfo> known = [.. KernelCatalog.Methods];
        string[] missing = [.. module.GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .SelectMany(MadeDelegates).Where(method => KernelCatalog.TakesViews(method) && !known.Contains(method)).Distinct()
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")];
        Assert.True(missing.Length == 0, $"launched, but not in the catalog: {string.Join(", ", missing)}");
        Assert.NotEmpty(known);
    }

    /// <summary>
    /// The methods of which a method makes a delegate, as is done to launch a kernel: the operands of its ldftn instructions.
    /// </summary>
    private static IEnumerable<MethodInfo> MadeDelegates(MethodInfo method)
    {
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i + 6 <= il.Length; i++)
        {
            if (il[i] != 0xFE || il[i + 1] != 0x06) continue;
            MethodInfo? target = null;
            try
            {
                int token = BitConverter.ToInt32(il, i + 2);
                target = method.Module.ResolveMethod(
                    token, method.DeclaringType!.GetGenericArguments(), method.GetGenericArguments()) as MethodInfo;
            }
            catch (Exception e) when (e is ArgumentException or BadImageFormatException)
            {
                // These bytes were another instruction's operand.
            }

            if (target is { IsStatic: true }) yield return target.IsGenericMethod ? target.GetGenericMethodDefinition() : target;
        }
    }

    [Fact]
    public void A_newer_card_gets_the_same_code()
    {
        CatalogKernel kernel = KernelCatalog.Find(typeof(RegisterTileMatMul), "Kernel", typeof(FloatScalar), typeof(Identity));
        using PtxCompiler newer = new(CudaArchitecture.SM_90);
        Assert.Equal(Anonymous(Ptx(kernel)), Anonymous(newer.Compile(kernel, KernelSpecialization.Empty)));

        // ILGPU numbers the parameters through a process, and names its version of PTX and the target at the top.
        static string Anonymous(string ptx) => Regex.Replace(ptx[ptx.IndexOf(".visible", StringComparison.Ordinal)..], @"_\d{4,}", "");
    }

    [Fact]
    public void Kernels_that_are_loaded_are_kept_when_what_was_compiled_is_forgotten()
    {
        using Context context = Context.Create(builder => builder.CPU());
        using Accelerator accelerator = context.CreateCPUAccelerator(0);
        using MemoryBuffer1D<int, Stride1D.Dense> cells = accelerator.Allocate1D(new int[4]);
        var add = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddKernel);
        add(4, cells.View, 1);
        GpuRuntime.ForgetKernels(context, accelerator.ClearCache);
        var again = accelerator.LoadAutoGroupedStreamKernel<Index1D, ArrayView<int>, int>(AddKernel);
        again(4, cells.View, 10);
        add(4, cells.View, 100);
        Assert.Equal([111, 111, 111, 111], cells.GetAsArray1D());
    }

    private static void AddKernel(Index1D i, ArrayView<int> cells, int value) => cells[i] += value;

    [Fact]
    public void The_register_tile_moves_sixteen_bytes_at_a_time_and_multiplies_64_times_for_four_reads()
    {
        string ptx = Ptx(typeof(RegisterTileMatMul), "Kernel", typeof(FloatScalar), typeof(Identity));
        Assert.Contains("ld.global.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Contains("st.global.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Contains("st.shared.v4.f32", ptx, StringComparison.Ordinal);
        Assert.Equal(4, Regex.Count(ptx, @"ld\.shared\.v4\.f32"));

        // The loop over a step's depth is the piece between two labels that reads shared memory.
        string loop = Assert.Single(
            Regex.Split(ptx, @"^\s*L_\d+:", RegexOptions.Multiline), piece => piece.Contains("ld.shared", StringComparison.Ordinal));
        Assert.Equal(64, Regex.Count(loop, @"\bmul\.f32"));
        Assert.Equal(64, Regex.Count(loop, @"\badd\.f32"));
        Assert.DoesNotContain("ld.global", loop, StringComparison.Ordinal);
    }

    [Fact]
    public void Elementwise_kernels_move_sixteen_bytes_at_a_time_and_do_not_divide()
    {
        string flat = Ptx(typeof(GpuMap), "FlatKernel", typeof(FloatScalar), typeof(BinaryMap<Add>));
        Assert.Equal(2, Regex.Count(flat, @"ld\.global\.v4\.f32"));
        Assert.Equal(1, Regex.Count(flat, @"st\.global\.v4\.f32"));
        Assert.Equal(4, Regex.Count(flat, @"\badd\.f32"));
        Assert.DoesNotMatch(@"\b(div|rem)\.", flat);

        string broadcast = Ptx(typeof(GpuMap), "FourKernel", typeof(FloatScalar), typeof(BinaryMap<Add>));
        Assert.Equal(2, Regex.Count(broadcast, @"ld\.global\.v4\.f32"));
        Assert.Equal(1, Regex.Count(broadcast, @"\bdiv\."));
        Assert.DoesNotMatch(@"\brem\.|\.s64.*div|div\.[su]64", broadcast);
    }

    [Fact]
    public void Rows_are_added_up_in_wide_loads_and_by_shuffles()
    {
        string warp = Ptx(typeof(GpuReduce), "RowKernel", typeof(FloatScalar), typeof(SumReduction), typeof(OneWarp));
        Assert.Equal(2, Regex.Count(warp, @"ld\.global\.v4\.f32"));
        Assert.Contains("shfl.sync.bfly", warp, StringComparison.Ordinal);
        Assert.DoesNotContain("bar.sync", warp, StringComparison.Ordinal);
        Assert.DoesNotContain(".shared", warp, StringComparison.Ordinal);

        string group = Ptx(typeof(GpuSoftmax), "RowKernel", typeof(FloatScalar), typeof(SoftmaxFormula), typeof(OneGroup));
        Assert.Equal(2, Regex.Count(group, @"bar\.sync|barrier\.sync"));
        Assert.Equal(3, Regex.Count(group, @"ld\.global\.v4\.f32"));

        string columns = Ptx(typeof(GpuReduce), "ColumnKernel", typeof(FloatScalar), typeof(SumReduction));
        Assert.Equal(1, Regex.Count(columns, @"bar\.sync|barrier\.sync"));
        Assert.True(Regex.Count(columns, @"ld\.global\.v4\.f32") >= 5);
    }

    [Fact]
    public void Attention_multiplies_sixteen_times_for_two_reads_of_sixteen_bytes()
    {
        string ptx = Ptx(typeof(AttentionForward), "ForwardKernel", typeof(FloatScalar));
        string[] loops = [.. Regex.Split(ptx, @"^\s*L_\d+:", RegexOptions.Multiline)
            .Where(piece => Regex.Count(piece, @"ld\.shared\.v4\.f32") > 0)];
        Assert.Contains(loops, loop => Regex.Count(loop, @"ld\.shared\.v4\.f32") == 2 && Regex.Count(loop, @"\bmul\.f32") == 16);
        Assert.Contains(loops, loop => Regex.Count(loop, @"ld\.shared\.v4\.f32") == 1 && Regex.Count(loop, @"\bmul\.f32") == 8);
        Assert.True(Regex.Count(ptx, @"ld\.global\.v4\.f32") >= 3);
    }

    /// <summary>The kernel of a name in <see cref="Kernels"/>.</summary>
    internal static CatalogKernel Kernel(string name) => s_kernels[name];

    /// <summary>The PTX of a kernel as it is launched.</summary>
    internal static string Ptx(Type type, string name, params ReadOnlySpan<Type> arguments) =>
        Ptx(KernelCatalog.Find(type, name, arguments));

    /// <inheritdoc cref="Ptx(Type, string, ReadOnlySpan{Type})"/>
    internal static string Ptx(CatalogKernel kernel) => s_compiler.Value.Compile(kernel, KernelSpecialization.Empty);
}
