using Engine.Bench.Sass;
using Engine.Kernels.Attention.Gpu;
using Engine.Kernels.Conv.Gpu;
using Engine.Kernels.Elementwise;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Reductions;
using Engine.Kernels.Reductions.Gpu;

namespace Engine.Tests.Gpu;

/// <summary>What NVIDIA's assembler makes of the kernels, where there is one: no card is needed for this.</summary>
public sealed class SassTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("engine-sass-");

    /// <summary>A class with kernels, the kernel's name, and its type arguments.</summary>
    public static TheoryData<Type, string, Type[]> Kernels => new()
    {
        { typeof(RegisterTileMatMul), "Kernel", [typeof(FloatScalar), typeof(Identity)] },
        { typeof(RegisterTileMatMul), "Kernel", [typeof(DoubleScalar), typeof(Identity)] },
        { typeof(AsyncTileMatMul), "Kernel", [typeof(Identity)] },
        { typeof(TensorTileMatMul), "Kernel", [typeof(Tf32Rounding), typeof(Identity)] },
        { typeof(RegisterTileConv2d), "Kernel", [typeof(FloatScalar), typeof(ForwardProduct), typeof(Identity)] },
        { typeof(TensorTileWeightGradient), "Kernel", [typeof(Identity)] },
        { typeof(AttentionBackward), "KeyKernel", [typeof(FloatScalar)] },
        { typeof(GpuReduce), "RowKernel", [typeof(FloatScalar), typeof(SumReduction), typeof(OneGroup)] },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableTheory, MemberData(nameof(Kernels))]
    public void Kernels_spill_nothing_and_a_group_fits_a_multiprocessor(Type type, string name, Type[] arguments)
    {
        CudaTools? tools = CudaTools.Find();
        Skip.If(tools is null, $"ptxas and nvdisasm of a CUDA toolkit are not found {CudaTools.Places}.");
        CatalogKernel kernel = KernelCatalog.Find(type, name, arguments);
        string file = Path.Join(_folder.FullName, "kernel.ptx");
        File.WriteAllText(file, PtxTests.Ptx(type, name, arguments));
        foreach (string architecture in (string[])["sm_80", "sm_90"])
        {
            SassReport report = tools!.Assemble(file, architecture);
            Assert.Equal((0, 0, 0), (report.SpillStores, report.SpillLoads, report.Stack));
            Assert.InRange(report.Registers, 1, 255);
            Assert.InRange(report.SharedMemory, 0, 48 * 1024);
            Assert.True(report.Groups(kernel.Group) >= 1, $"{report.Registers} registers are too many for {kernel.Group} threads");
            Assert.True(report.Loop is { Instructions: > 0 }, "no loop was found");
        }
    }

    [Fact]
    public void The_inner_loop_is_the_one_that_multiplies_most()
    {
        const string Sass = """
            .text.Kernel:
            .L_x_3:
                    /*0000*/                   LDG.E R2, [R2.64] ;
            .L_x_1:
                    /*0010*/                   LDS.128 R4, [R3] ;
                    /*0020*/                   FFMA R4, R5, R6, R4 ;
                    /*0030*/              @!P0 FFMA.FTZ R4, R5, R6, R4 ;
                    /*0040*/               @P0 BRA `(.L_x_1) ;
            .L_x_2:
                    /*0050*/                   IADD3 R4, R4, 0x1, RZ ;
                    /*0060*/                   IADD3 R4, R4, 0x1, RZ ;
                    /*0070*/                   IADD3 R4, R4, 0x1, RZ ;
                    /*0080*/                   IADD3 R4, R4, 0x1, RZ ;
                    /*0090*/               @P0 BRA `(.L_x_2) ;
                    /*00a0*/               @P1 BRA `(.L_x_3) ;
                    /*00b0*/                   EXIT ;
            .L_x_4:
                    /*00c0*/                   BRA `(.L_x_4);
                    /*00d0*/                   NOP;
            """;
        Assert.Equal(new SassLoop(Instructions: 4, MultiplyAdds: 2, TensorProducts: 0), SassLoop.Hottest(Sass));
        Assert.Null(SassLoop.Hottest("        /*0000*/                   EXIT ;"));
    }
}
