using Engine.Kernels.Conv.Gpu;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The text of what <see cref="TensorTileMatMul"/> and <see cref="TensorTileConv2d"/> say in PTX. Its registers are declared by it: the 128
/// sums of a thread c0 to c127, four for each of its 4 x 8 products of 16 x 8, and the pieces of op(A) and op(B) that a step multiplies, a0
/// to a15 and b0 to b15. <c>tiles</c> is where the kernel's shared memory starts.
/// </summary>
internal static class TensorTilePtx
{
    internal const string Declare =
        ".reg .f32 c<128>; .reg .b32 a<16>, b<16>; .reg .u32 tiles; mov.u32 tiles, __shared_alloca0;";

    /// <summary>
    /// Starts copies of 16 bytes to %0 in shared memory from %1, and of three more to 32 lines further each, which are %2 bytes apart in
    /// memory.
    /// </summary>
    internal const string Copy =
        "{ .reg .u32 to; .reg .u64 from; add.u32 to, tiles, %0; cp.async.cg.shared.global [to], [%1], 16; " +
        "add.u64 from, %1, %2; cp.async.cg.shared.global [to+2048], [from], 16; " +
        "add.u64 from, from, %2; cp.async.cg.shared.global [to+4096], [from], 16; " +
        "add.u64 from, from, %2; cp.async.cg.shared.global [to+6144], [from], 16; }";
    /// <summary>Starts a copy of 16 bytes to %0 in shared memory from %1, or of zeros where %2 is 0 instead of 16.</summary>
    internal const string CopyChunk = "{ .reg .u32 to; add.u32 to, tiles, %0; cp.async.cg.shared.global [to], [%1], 16, %2; }";

    /// <summary>All sums are zero.</summary>
    internal const string Clear =
        "mov.f32 c0, 0f00000000; mov.f32 c1, 0f00000000; mov.f32 c2, 0f00000000; mov.f32 c3, 0f00000000; mov.f32 c4, 0f00000000; mov.f32 "
        + "c5, 0f00000000; mov.f32 c6, 0f00000000; mov.f32 c7, 0f00000000;" +
        "mov.f32 c8, 0f00000000; mov.f32 c9, 0f00000000; mov.f32 c10, 0f00000000; mov.f32 c11, 0f00000000; mov.f32 c12, 0f00000000; "
        + "mov.f32 c13, 0f00000000; mov.f32 c14, 0f00000000; mov.f32 c15, 0f00000000;" +
        "mov.f32 c16, 0f00000000; mov.f32 c17, 0f00000000; mov.f32 c18, 0f00000000; mov.f32 c19, 0f00000000; mov.f32 c20, 0f00000000; "
        + "mov.f32 c21, 0f00000000; mov.f32 c22, 0f00000000; mov.f32 c23, 0f00000000;" +
        "mov.f32 c24, 0f00000000; mov.f32 c25, 0f00000000; mov.f32 c26, 0f00000000; mov.f32 c27, 0f00000000; mov.f32 c28, 0f00000000; "
        + "mov.f32 c29, 0f00000000; mov.f32 c30, 0f00000000; mov.f32 c31, 0f00000000;" +
        "mov.f32 c32, 0f00000000; mov.f32 c33, 0f00000000; mov.f32 c34, 0f00000000; mov.f32 c35, 0f00000000; mov.f32 c36, 0f00000000; "
        + "mov.f32 c37, 0f00000000; mov.f32 c38, 0f00000000; mov.f32 c39, 0f00000000;" +
        "mov.f32 c40, 0f00000000; mov.f32 c41, 0f00000000; mov.f32 c42, 0f00000000; mov.f32 c43, 0f00000000; mov.f32 c44, 0f00000000; "
        + "mov.f32 c45, 0f00000000; mov.f32 c46, 0f00000000; mov.f32 c47, 0f00000000;" +
        "mov.f32 c48, 0f00000000; mov.f32 c49, 0f00000000; mov.f32 c50, 0f00000000; mov.f32 c51, 0f00000000; mov.f32 c52, 0f00000000; "
        + "mov.f32 c53, 0f00000000; mov.f32 c54, 0f00000000; mov.f32 c55, 0f00000000;" +
        "mov.f32 c56, 0f00000000; mov.f32 c57, 0f00000000; mov.f32 c58, 0f00000000; mov.f32 c59, 0f00000000; mov.f32 c60, 0f00000000; "
        + "mov.f32 c61, 0f00000000; mov.f32 c62, 0f00000000; mov.f32 c63, 0f00000000;" +
        "mov.f32 c64, 0f00000000; mov.f32 c65, 0f00000000; mov.f32 c66, 0f00000000; mov.f32 c67, 0f00000000; mov.f32 c68, 0f00000000; "
        + "mov.f32 c69, 0f00000000; mov.f32 c70, 0f00000000; mov.f32 c71, 0f00000000;" +
        "mov.f32 c72, 0f00000000; mov.f32 c73, 0f00000000; mov.f32 c74, 0f00000000; mov.f32 c75, 0f00000000; mov.f32 c76, 0f00000000; "
        + "mov.f32 c77, 0f00000000; mov.f32 c78, 0f00000000; mov.f32 c79, 0f00000000;" +
        "mov.f32 c80, 0f00000000; mov.f32 c81, 0f00000000; mov.f32 c82, 0f00000000; mov.f32 c83, 0f00000000; mov.f32 c84, 0f00000000; "
        + "mov.f32 c85, 0f00000000; mov.f32 c86, 0f00000000; mov.f32 c87, 0f00000000;" +
        "mov.f32 c88, 0f00000000; mov.f32 c89, 0f00000000; mov.f32 c90, 0f00000000; mov.f32 c91, 0f00000000; mov.f32 c92, 0f00000000; "
        + "mov.f32 c93, 0f00000000; mov.f32 c94, 0f00000000; mov.f32 c95, 0f00000000;" +
        "mov.f32 c96, 0f00000000; mov.f32 c97, 0f00000000; mov.f32 c98, 0f00000000; mov.f32 c99, 0f00000000; mov.f32 c100, 0f00000000; "
        + "mov.f32 c101, 0f00000000; mov.f32 c102, 0f00000000; mov.f32 c103, 0f00000000;" +
        "mov.f32 c104, 0f00000000; mov.f32 c105, 0f00000000; mov.f32 c106, 0f00000000; mov.f32 c107, 0f00000000; mov.f32 c108, "
        + "0f00000000; mov.f32 c109, 0f00000000; mov.f32 c110, 0f00000000; mov.f32 c111, 0f00000000;" +
        "mov.f32 c112, 0f00000000; mov.f32 c113, 0f00000000; mov.f32 c114, 0f00000000; mov.f32 c115, 0f00000000; mov.f32 c116, "
        + "0f00000000; mov.f32 c117, 0f00000000; mov.f32 c118, 0f00000000; mov.f32 c119, 0f00000000;" +
        "mov.f32 c120, 0f00000000; mov.f32 c121, 0f00000000; mov.f32 c122, 0f00000000; mov.f32 c123, 0f00000000; mov.f32 c124, "
        + "0f00000000; mov.f32 c125, 0f00000000; mov.f32 c126, 0f00000000; mov.f32 c127, 0f00000000;";
    /// <summary>
    /// A step of 32 bytes of depth with TF32, eight numbers: four pieces of op(A) from %0, four of op(B) from %1, and the 32 products of
    /// each with each. ldmatrix gives each lane of a warp the numbers that the product wants from it.
    /// </summary>
    internal const string StepTf32 = Load + ProductsTf32 + End;

    /// <summary>The same with bfloat16, sixteen numbers.</summary>
    internal const string StepBFloat16 =
        Load +
        BFloat16 + Product00 + BFloat16 + Product01 + BFloat16 + Product02 + BFloat16 + Product03 + BFloat16 + Product04 + BFloat16
            + Product05 + BFloat16 + Product06 + BFloat16 + Product07 +
        BFloat16 + Product10 + BFloat16 + Product11 + BFloat16 + Product12 + BFloat16 + Product13 + BFloat16 + Product14 + BFloat16
            + Product15 + BFloat16 + Product16 + BFloat16 + Product17 +
        BFloat16 + Product20 + BFloat16 + Product21 + BFloat16 + Product22 + BFloat16 + Product23 + BFloat16 + Product24 + BFloat16
            + Product25 + BFloat16 + Product26 + BFloat16 + Product27 +
        BFloat16 + Product30 + BFloat16 + Product31 + BFloat16 + Product32 + BFloat16 + Product33 + BFloat16 + Product34 + BFloat16
            + Product35 + BFloat16 + Product36 + BFloat16 + Product37 + End;

    /// <summary>Stores the sums of the first sixteen rows to %0 in shared memory, where rows are 288 bytes apart.</summary>
    internal const string Store0 =
        "{ .reg .u32 to; add.u32 to, tiles, %0; " +
        "st.shared.v2.f32 [to+0], {c0,c1}; st.shared.v2.f32 [to+2304], {c2,c3}; st.shared.v2.f32 [to+32], {c4,c5}; st.shared.v2.f32 "
        + "[to+2336], {c6,c7};" +
        "st.shared.v2.f32 [to+64], {c8,c9}; st.shared.v2.f32 [to+2368], {c10,c11}; st.shared.v2.f32 [to+96], {c12,c13}; st.shared.v2.f32 "
        + "[to+2400], {c14,c15};" +
        "st.shared.v2.f32 [to+128], {c16,c17}; st.shared.v2.f32 [to+2432], {c18,c19}; st.shared.v2.f32 [to+160], {c20,c21}; "
        + "st.shared.v2.f32 [to+2464], {c22,c23};" +
        "st.shared.v2.f32 [to+192], {c24,c25}; st.shared.v2.f32 [to+2496], {c26,c27}; st.shared.v2.f32 [to+224], {c28,c29}; "
        + "st.shared.v2.f32 [to+2528], {c30,c31};" + End;

    /// <summary>Stores the sums of the second sixteen rows to %0 in shared memory, where rows are 288 bytes apart.</summary>
    internal const string Store1 =
        "{ .reg .u32 to; add.u32 to, tiles, %0; " +
        "st.shared.v2.f32 [to+0], {c32,c33}; st.shared.v2.f32 [to+2304], {c34,c35}; st.shared.v2.f32 [to+32], {c36,c37}; "
        + "st.shared.v2.f32 [to+2336], {c38,c39};" +
        "st.shared.v2.f32 [to+64], {c40,c41}; st.shared.v2.f32 [to+2368], {c42,c43}; st.shared.v2.f32 [to+96], {c44,c45}; "
        + "st.shared.v2.f32 [to+2400], {c46,c47};" +
        "st.shared.v2.f32 [to+128], {c48,c49}; st.shared.v2.f32 [to+2432], {c50,c51}; st.shared.v2.f32 [to+160], {c52,c53}; "
        + "st.shared.v2.f32 [to+2464], {c54,c55};" +
        "st.shared.v2.f32 [to+192], {c56,c57}; st.shared.v2.f32 [to+2496], {c58,c59}; st.shared.v2.f32 [to+224], {c60,c61}; "
        + "st.shared.v2.f32 [to+2528], {c62,c63};" + End;

    /// <summary>Stores the sums of the third sixteen rows to %0 in shared memory, where rows are 288 bytes apart.</summary>
    internal const string Store2 =
        "{ .reg .u32 to; add.u32 to, tiles, %0; " +
        "st.shared.v2.f32 [to+0], {c64,c65}; st.shared.v2.f32 [to+2304], {c66,c67}; st.shared.v2.f32 [to+32], {c68,c69}; "
        + "st.shared.v2.f32 [to+2336], {c70,c71};" +
        "st.shared.v2.f32 [to+64], {c72,c73}; st.shared.v2.f32 [to+2368], {c74,c75}; st.shared.v2.f32 [to+96], {c76,c77}; "
        + "st.shared.v2.f32 [to+2400], {c78,c79};" +
        "st.shared.v2.f32 [to+128], {c80,c81}; st.shared.v2.f32 [to+2432], {c82,c83}; st.shared.v2.f32 [to+160], {c84,c85}; "
        + "st.shared.v2.f32 [to+2464], {c86,c87};" +
        "st.shared.v2.f32 [to+192], {c88,c89}; st.shared.v2.f32 [to+2496], {c90,c91}; st.shared.v2.f32 [to+224], {c92,c93}; "
        + "st.shared.v2.f32 [to+2528], {c94,c95};" + End;

    /// <summary>Stores the sums of the last sixteen rows to %0 in shared memory, where rows are 288 bytes apart.</summary>
    internal const string Store3 =
        "{ .reg .u32 to; add.u32 to, tiles, %0; " +
        "st.shared.v2.f32 [to+0], {c96,c97}; st.shared.v2.f32 [to+2304], {c98,c99}; st.shared.v2.f32 [to+32], {c100,c101}; "
        + "st.shared.v2.f32 [to+2336], {c102,c103};" +
        "st.shared.v2.f32 [to+64], {c104,c105}; st.shared.v2.f32 [to+2368], {c106,c107}; st.shared.v2.f32 [to+96], {c108,c109}; "
        + "st.shared.v2.f32 [to+2400], {c110,c111};" +
        "st.shared.v2.f32 [to+128], {c112,c113}; st.shared.v2.f32 [to+2432], {c114,c115}; st.shared.v2.f32 [to+160], {c116,c117}; "
        + "st.shared.v2.f32 [to+2464], {c118,c119};" +
        "st.shared.v2.f32 [to+192], {c120,c121}; st.shared.v2.f32 [to+2496], {c122,c123}; st.shared.v2.f32 [to+224], {c124,c125}; "
        + "st.shared.v2.f32 [to+2528], {c126,c127};" + End;

    /// <summary>Each piece of op(A) times each of op(B).</summary>
    internal const string ProductsTf32 =
        Tf32 + Product00 + Tf32 + Product01 + Tf32 + Product02 + Tf32 + Product03 + Tf32 + Product04 + Tf32 + Product05 + Tf32 + Product06
            + Tf32 + Product07 +
        Tf32 + Product10 + Tf32 + Product11 + Tf32 + Product12 + Tf32 + Product13 + Tf32 + Product14 + Tf32 + Product15 + Tf32 + Product16
            + Tf32 + Product17 +
        Tf32 + Product20 + Tf32 + Product21 + Tf32 + Product22 + Tf32 + Product23 + Tf32 + Product24 + Tf32 + Product25 + Tf32 + Product26
            + Tf32 + Product27 +
        Tf32 + Product30 + Tf32 + Product31 + Tf32 + Product32 + Tf32 + Product33 + Tf32 + Product34 + Tf32 + Product35 + Tf32 + Product36
            + Tf32 + Product37;

    private const string Load =
        "{ .reg .u32 p, q; add.u32 p, tiles, %0; add.u32 q, tiles, %1; " +
        Matrices + "{a0,a1,a2,a3}, [p]; " + Matrices + "{a4,a5,a6,a7}, [p+1024]; " + Matrices + "{a8,a9,a10,a11}, [p+2048]; " + Matrices
            + "{a12,a13,a14,a15}, [p+3072]; " +
        Matrices + "{b0,b1,b2,b3}, [q]; " + Matrices + "{b4,b5,b6,b7}, [q+1024]; " + Matrices + "{b8,b9,b10,b11}, [q+2048]; " + Matrices
            + "{b12,b13,b14,b15}, [q+3072]; ";

    private const string End = " }";
    private const string Matrices = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string BFloat16 = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";

    // Product of rows 16 i and columns 8 j of the warp's part of the tile.
    private const string Product00 = "{c0,c1,c2,c3}, {a0,a1,a2,a3}, {b0,b1}, {c0,c1,c2,c3}; ";
    private const string Product01 = "{c4,c5,c6,c7}, {a0,a1,a2,a3}, {b2,b3}, {c4,c5,c6,c7}; ";
    private const string Product02 = "{c8,c9,c10,c11}, {a0,a1,a2,a3}, {b4,b5}, {c8,c9,c10,c11}; ";
    private const string Product03 = "{c12,c13,c14,c15}, {a0,a1,a2,a3}, {b6,b7}, {c12,c13,c14,c15}; ";
    private const string Product04 = "{c16,c17,c18,c19}, {a0,a1,a2,a3}, {b8,b9}, {c16,c17,c18,c19}; ";
    private const string Product05 = "{c20,c21,c22,c23}, {a0,a1,a2,a3}, {b10,b11}, {c20,c21,c22,c23}; ";
    private const string Product06 = "{c24,c25,c26,c27}, {a0,a1,a2,a3}, {b12,b13}, {c24,c25,c26,c27}; ";
    private const string Product07 = "{c28,c29,c30,c31}, {a0,a1,a2,a3}, {b14,b15}, {c28,c29,c30,c31}; ";
    private const string Product10 = "{c32,c33,c34,c35}, {a4,a5,a6,a7}, {b0,b1}, {c32,c33,c34,c35}; ";
    private const string Product11 = "{c36,c37,c38,c39}, {a4,a5,a6,a7}, {b2,b3}, {c36,c37,c38,c39}; ";
    private const string Product12 = "{c40,c41,c42,c43}, {a4,a5,a6,a7}, {b4,b5}, {c40,c41,c42,c43}; ";
    private const string Product13 = "{c44,c45,c46,c47}, {a4,a5,a6,a7}, {b6,b7}, {c44,c45,c46,c47}; ";
    private const string Product14 = "{c48,c49,c50,c51}, {a4,a5,a6,a7}, {b8,b9}, {c48,c49,c50,c51}; ";
    private const string Product15 = "{c52,c53,c54,c55}, {a4,a5,a6,a7}, {b10,b11}, {c52,c53,c54,c55}; ";
    private const string Product16 = "{c56,c57,c58,c59}, {a4,a5,a6,a7}, {b12,b13}, {c56,c57,c58,c59}; ";
    private const string Product17 = "{c60,c61,c62,c63}, {a4,a5,a6,a7}, {b14,b15}, {c60,c61,c62,c63}; ";
    private const string Product20 = "{c64,c65,c66,c67}, {a8,a9,a10,a11}, {b0,b1}, {c64,c65,c66,c67}; ";
    private const string Product21 = "{c68,c69,c70,c71}, {a8,a9,a10,a11}, {b2,b3}, {c68,c69,c70,c71}; ";
    private const string Product22 = "{c72,c73,c74,c75}, {a8,a9,a10,a11}, {b4,b5}, {c72,c73,c74,c75}; ";
    private const string Product23 = "{c76,c77,c78,c79}, {a8,a9,a10,a11}, {b6,b7}, {c76,c77,c78,c79}; ";
    private const string Product24 = "{c80,c81,c82,c83}, {a8,a9,a10,a11}, {b8,b9}, {c80,c81,c82,c83}; ";
    private const string Product25 = "{c84,c85,c86,c87}, {a8,a9,a10,a11}, {b10,b11}, {c84,c85,c86,c87}; ";
    private const string Product26 = "{c88,c89,c90,c91}, {a8,a9,a10,a11}, {b12,b13}, {c88,c89,c90,c91}; ";
    private const string Product27 = "{c92,c93,c94,c95}, {a8,a9,a10,a11}, {b14,b15}, {c92,c93,c94,c95}; ";
    private const string Product30 = "{c96,c97,c98,c99}, {a12,a13,a14,a15}, {b0,b1}, {c96,c97,c98,c99}; ";
    private const string Product31 = "{c100,c101,c102,c103}, {a12,a13,a14,a15}, {b2,b3}, {c100,c101,c102,c103}; ";
    private const string Product32 = "{c104,c105,c106,c107}, {a12,a13,a14,a15}, {b4,b5}, {c104,c105,c106,c107}; ";
    private const string Product33 = "{c108,c109,c110,c111}, {a12,a13,a14,a15}, {b6,b7}, {c108,c109,c110,c111}; ";
    private const string Product34 = "{c112,c113,c114,c115}, {a12,a13,a14,a15}, {b8,b9}, {c112,c113,c114,c115}; ";
    private const string Product35 = "{c116,c117,c118,c119}, {a12,a13,a14,a15}, {b10,b11}, {c116,c117,c118,c119}; ";
    private const string Product36 = "{c120,c121,c122,c123}, {a12,a13,a14,a15}, {b12,b13}, {c120,c121,c122,c123}; ";
    private const string Product37 = "{c124,c125,c126,c127}, {a12,a13,a14,a15}, {b14,b15}, {c124,c125,c126,c127}; ";
}
