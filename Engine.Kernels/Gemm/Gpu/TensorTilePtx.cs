using Engine.Kernels.Conv.Gpu;

namespace Engine.Kernels.Gemm.Gpu;

/// <summary>
/// The inline PTX of <see cref="TensorTileMatMul"/> and <see cref="TensorTileConv2d"/>. It declares its registers: the 128 sums of a thread
/// c0 to c127, four for each of its 4 x 8 products of 16 x 8, and the pieces of op(A) and op(B) that a step multiplies, a0 to a15 and b0 to
/// b15. <c>tiles</c> is where the kernel's shared memory starts.
/// </summary>
internal static class TensorTilePtx
{
    internal const string Declare = ".reg .f32 c<128>; .reg .b32 a<16>, b<16>; .reg .u32 tiles; mov.u32 tiles, __shared_alloca0;";

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
        "mov.f32 c0" + Z + "1" + Z + "2" + Z + "3" + Z + "4" + Z + "5" + Z + "6" + Z + "7" + Z + "8" + Z + "9" + Z + "10" + Z + "11"
        + Z + "12" + Z + "13" + Z + "14" + Z + "15" + Z + "16" + Z + "17" + Z + "18" + Z + "19" + Z + "20" + Z + "21" + Z + "22" + Z + "23"
        + Z + "24" + Z + "25" + Z + "26" + Z + "27" + Z + "28" + Z + "29" + Z + "30" + Z + "31" + Z + "32" + Z + "33" + Z + "34" + Z + "35"
        + Z + "36" + Z + "37" + Z + "38" + Z + "39" + Z + "40" + Z + "41" + Z + "42" + Z + "43" + Z + "44" + Z + "45" + Z + "46" + Z + "47"
        + Z + "48" + Z + "49" + Z + "50" + Z + "51" + Z + "52" + Z + "53" + Z + "54" + Z + "55" + Z + "56" + Z + "57" + Z + "58" + Z + "59"
        + Z + "60" + Z + "61" + Z + "62" + Z + "63" + Z + "64" + Z + "65" + Z + "66" + Z + "67" + Z + "68" + Z + "69" + Z + "70" + Z + "71"
        + Z + "72" + Z + "73" + Z + "74" + Z + "75" + Z + "76" + Z + "77" + Z + "78" + Z + "79" + Z + "80" + Z + "81" + Z + "82" + Z + "83"
        + Z + "84" + Z + "85" + Z + "86" + Z + "87" + Z + "88" + Z + "89" + Z + "90" + Z + "91" + Z + "92" + Z + "93" + Z + "94" + Z + "95"
        + Z + "96" + Z + "97" + Z + "98" + Z + "99" + Z + "100" + Z + "101" + Z + "102" + Z + "103" + Z + "104" + Z + "105" + Z + "106"
        + Z + "107" + Z + "108" + Z + "109" + Z + "110" + Z + "111" + Z + "112" + Z + "113" + Z + "114" + Z + "115" + Z + "116" + Z + "117"
        + Z + "118" + Z + "119" + Z + "120" + Z + "121" + Z + "122" + Z + "123" + Z + "124" + Z + "125" + Z + "126"
        + Z + "127, 0f00000000;";

    /// <summary>
    /// A step of 32 bytes of depth with TF32, eight elements: four pieces of op(A) from %0, four of op(B) from %1, and the 32 products of
    /// each with each. ldmatrix gives each lane of a warp the elements that the product needs from it.
    /// </summary>
    internal const string StepTf32 = Load + ProductsTf32 + End;

    /// <summary>The same with bfloat16, sixteen elements.</summary>
    internal const string StepBFloat16 =
        Load
        + Bf16 + P00 + Bf16 + P01 + Bf16 + P02 + Bf16 + P03 + Bf16 + P04 + Bf16 + P05 + Bf16 + P06 + Bf16 + P07
        + Bf16 + P10 + Bf16 + P11 + Bf16 + P12 + Bf16 + P13 + Bf16 + P14 + Bf16 + P15 + Bf16 + P16 + Bf16 + P17
        + Bf16 + P20 + Bf16 + P21 + Bf16 + P22 + Bf16 + P23 + Bf16 + P24 + Bf16 + P25 + Bf16 + P26 + Bf16 + P27
        + Bf16 + P30 + Bf16 + P31 + Bf16 + P32 + Bf16 + P33 + Bf16 + P34 + Bf16 + P35 + Bf16 + P36 + Bf16 + P37 + End;

    /// <summary>Stores the sums of the first sixteen rows to %0 in shared memory, where rows are 288 bytes apart.</summary>
    internal const string Store0 =
        Begin
        + St + "0], {c0,c1}; " + St + "2304], {c2,c3}; " + St + "32], {c4,c5}; " + St + "2336], {c6,c7}; "
        + St + "64], {c8,c9}; " + St + "2368], {c10,c11}; " + St + "96], {c12,c13}; " + St + "2400], {c14,c15}; "
        + St + "128], {c16,c17}; " + St + "2432], {c18,c19}; " + St + "160], {c20,c21}; " + St + "2464], {c22,c23}; "
        + St + "192], {c24,c25}; " + St + "2496], {c26,c27}; " + St + "224], {c28,c29}; " + St + "2528], {c30,c31}; " + End;

    /// <summary>The same for the second sixteen rows.</summary>
    internal const string Store1 =
        Begin
        + St + "0], {c32,c33}; " + St + "2304], {c34,c35}; " + St + "32], {c36,c37}; " + St + "2336], {c38,c39}; "
        + St + "64], {c40,c41}; " + St + "2368], {c42,c43}; " + St + "96], {c44,c45}; " + St + "2400], {c46,c47}; "
        + St + "128], {c48,c49}; " + St + "2432], {c50,c51}; " + St + "160], {c52,c53}; " + St + "2464], {c54,c55}; "
        + St + "192], {c56,c57}; " + St + "2496], {c58,c59}; " + St + "224], {c60,c61}; " + St + "2528], {c62,c63}; " + End;

    /// <summary>The same for the third sixteen rows.</summary>
    internal const string Store2 =
        Begin
        + St + "0], {c64,c65}; " + St + "2304], {c66,c67}; " + St + "32], {c68,c69}; " + St + "2336], {c70,c71}; "
        + St + "64], {c72,c73}; " + St + "2368], {c74,c75}; " + St + "96], {c76,c77}; " + St + "2400], {c78,c79}; "
        + St + "128], {c80,c81}; " + St + "2432], {c82,c83}; " + St + "160], {c84,c85}; " + St + "2464], {c86,c87}; "
        + St + "192], {c88,c89}; " + St + "2496], {c90,c91}; " + St + "224], {c92,c93}; " + St + "2528], {c94,c95}; " + End;

    /// <summary>The same for the last sixteen rows.</summary>
    internal const string Store3 =
        Begin
        + St + "0], {c96,c97}; " + St + "2304], {c98,c99}; " + St + "32], {c100,c101}; " + St + "2336], {c102,c103}; "
        + St + "64], {c104,c105}; " + St + "2368], {c106,c107}; " + St + "96], {c108,c109}; " + St + "2400], {c110,c111}; "
        + St + "128], {c112,c113}; " + St + "2432], {c114,c115}; " + St + "160], {c116,c117}; " + St + "2464], {c118,c119}; "
        + St + "192], {c120,c121}; " + St + "2496], {c122,c123}; " + St + "224], {c124,c125}; " + St + "2528], {c126,c127}; " + End;

    /// <summary>Each piece of op(A) times each of op(B).</summary>
    internal const string ProductsTf32 =
        Tf32 + P00 + Tf32 + P01 + Tf32 + P02 + Tf32 + P03 + Tf32 + P04 + Tf32 + P05 + Tf32 + P06 + Tf32 + P07
        + Tf32 + P10 + Tf32 + P11 + Tf32 + P12 + Tf32 + P13 + Tf32 + P14 + Tf32 + P15 + Tf32 + P16 + Tf32 + P17
        + Tf32 + P20 + Tf32 + P21 + Tf32 + P22 + Tf32 + P23 + Tf32 + P24 + Tf32 + P25 + Tf32 + P26 + Tf32 + P27
        + Tf32 + P30 + Tf32 + P31 + Tf32 + P32 + Tf32 + P33 + Tf32 + P34 + Tf32 + P35 + Tf32 + P36 + Tf32 + P37;

    private const string Load =
        "{ .reg .u32 p, q; add.u32 p, tiles, %0; add.u32 q, tiles, %1; "
        + Ld + "{a0,a1,a2,a3}, [p]; " + Ld + "{a4,a5,a6,a7}, [p+1024]; "
        + Ld + "{a8,a9,a10,a11}, [p+2048]; " + Ld + "{a12,a13,a14,a15}, [p+3072]; "
        + Ld + "{b0,b1,b2,b3}, [q]; " + Ld + "{b4,b5,b6,b7}, [q+1024]; "
        + Ld + "{b8,b9,b10,b11}, [q+2048]; " + Ld + "{b12,b13,b14,b15}, [q+3072]; ";

    // Ends a move of 0 to a register and begins the next.
    private const string Z = ", 0f00000000; mov.f32 c";
    private const string Begin = "{ .reg .u32 to; add.u32 to, tiles, %0; ";
    private const string St = "st.shared.v2.f32 [to+";
    private const string End = " }";
    private const string Ld = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Bf16 = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";

    // Product of rows 16 i and columns 8 j of the warp's part of the tile.
    private const string P00 = "{c0,c1,c2,c3}, {a0,a1,a2,a3}, {b0,b1}, {c0,c1,c2,c3}; ";
    private const string P01 = "{c4,c5,c6,c7}, {a0,a1,a2,a3}, {b2,b3}, {c4,c5,c6,c7}; ";
    private const string P02 = "{c8,c9,c10,c11}, {a0,a1,a2,a3}, {b4,b5}, {c8,c9,c10,c11}; ";
    private const string P03 = "{c12,c13,c14,c15}, {a0,a1,a2,a3}, {b6,b7}, {c12,c13,c14,c15}; ";
    private const string P04 = "{c16,c17,c18,c19}, {a0,a1,a2,a3}, {b8,b9}, {c16,c17,c18,c19}; ";
    private const string P05 = "{c20,c21,c22,c23}, {a0,a1,a2,a3}, {b10,b11}, {c20,c21,c22,c23}; ";
    private const string P06 = "{c24,c25,c26,c27}, {a0,a1,a2,a3}, {b12,b13}, {c24,c25,c26,c27}; ";
    private const string P07 = "{c28,c29,c30,c31}, {a0,a1,a2,a3}, {b14,b15}, {c28,c29,c30,c31}; ";
    private const string P10 = "{c32,c33,c34,c35}, {a4,a5,a6,a7}, {b0,b1}, {c32,c33,c34,c35}; ";
    private const string P11 = "{c36,c37,c38,c39}, {a4,a5,a6,a7}, {b2,b3}, {c36,c37,c38,c39}; ";
    private const string P12 = "{c40,c41,c42,c43}, {a4,a5,a6,a7}, {b4,b5}, {c40,c41,c42,c43}; ";
    private const string P13 = "{c44,c45,c46,c47}, {a4,a5,a6,a7}, {b6,b7}, {c44,c45,c46,c47}; ";
    private const string P14 = "{c48,c49,c50,c51}, {a4,a5,a6,a7}, {b8,b9}, {c48,c49,c50,c51}; ";
    private const string P15 = "{c52,c53,c54,c55}, {a4,a5,a6,a7}, {b10,b11}, {c52,c53,c54,c55}; ";
    private const string P16 = "{c56,c57,c58,c59}, {a4,a5,a6,a7}, {b12,b13}, {c56,c57,c58,c59}; ";
    private const string P17 = "{c60,c61,c62,c63}, {a4,a5,a6,a7}, {b14,b15}, {c60,c61,c62,c63}; ";
    private const string P20 = "{c64,c65,c66,c67}, {a8,a9,a10,a11}, {b0,b1}, {c64,c65,c66,c67}; ";
    private const string P21 = "{c68,c69,c70,c71}, {a8,a9,a10,a11}, {b2,b3}, {c68,c69,c70,c71}; ";
    private const string P22 = "{c72,c73,c74,c75}, {a8,a9,a10,a11}, {b4,b5}, {c72,c73,c74,c75}; ";
    private const string P23 = "{c76,c77,c78,c79}, {a8,a9,a10,a11}, {b6,b7}, {c76,c77,c78,c79}; ";
    private const string P24 = "{c80,c81,c82,c83}, {a8,a9,a10,a11}, {b8,b9}, {c80,c81,c82,c83}; ";
    private const string P25 = "{c84,c85,c86,c87}, {a8,a9,a10,a11}, {b10,b11}, {c84,c85,c86,c87}; ";
    private const string P26 = "{c88,c89,c90,c91}, {a8,a9,a10,a11}, {b12,b13}, {c88,c89,c90,c91}; ";
    private const string P27 = "{c92,c93,c94,c95}, {a8,a9,a10,a11}, {b14,b15}, {c92,c93,c94,c95}; ";
    private const string P30 = "{c96,c97,c98,c99}, {a12,a13,a14,a15}, {b0,b1}, {c96,c97,c98,c99}; ";
    private const string P31 = "{c100,c101,c102,c103}, {a12,a13,a14,a15}, {b2,b3}, {c100,c101,c102,c103}; ";
    private const string P32 = "{c104,c105,c106,c107}, {a12,a13,a14,a15}, {b4,b5}, {c104,c105,c106,c107}; ";
    private const string P33 = "{c108,c109,c110,c111}, {a12,a13,a14,a15}, {b6,b7}, {c108,c109,c110,c111}; ";
    private const string P34 = "{c112,c113,c114,c115}, {a12,a13,a14,a15}, {b8,b9}, {c112,c113,c114,c115}; ";
    private const string P35 = "{c116,c117,c118,c119}, {a12,a13,a14,a15}, {b10,b11}, {c116,c117,c118,c119}; ";
    private const string P36 = "{c120,c121,c122,c123}, {a12,a13,a14,a15}, {b12,b13}, {c120,c121,c122,c123}; ";
    private const string P37 = "{c124,c125,c126,c127}, {a12,a13,a14,a15}, {b14,b15}, {c124,c125,c126,c127}; ";
}

/// <summary>
/// The inline PTX of a step where shared memory has the operands depth by depth, 128 lines of each side by side
/// (<see cref="TensorTileWeightGradient"/>): ldmatrix cannot transpose 4-byte elements, so each lane reads its own. Registers are those of
/// <see cref="TensorTilePtx"/>.
/// </summary>
internal static class TransposedTilePtx
{
    /// <summary>
    /// Eight depths with TF32: 32 elements of each lane, from %0 (op(A)) and %1 (op(B)) on, where lines that are 8 apart lie in an order
    /// that %2, 32 times the lane's depth modulo 4, says; and the 32 products of each with each.
    /// </summary>
    internal const string StepTf32 =
        "{ .reg .u32 p<4>, q<4>, x, y, z; add.u32 x, tiles, %0; add.u32 y, tiles, %1; add.u32 p0, x, %2; add.u32 q0, y, %2; " +
        "xor.b32 z, %2, 32; add.u32 p1, x, z; add.u32 q1, y, z; xor.b32 z, %2, 64; add.u32 p2, x, z; add.u32 q2, y, z; xor.b32 z, %2, "
        + "96; add.u32 p3, x, z; add.u32 q3, y, z; " +
        Read + "a0, [p0+0]; " + Read + "a1, [p1+0]; " + Read + "a2, [p0+2048]; " + Read + "a3, [p1+2048]; " +
        Read + "a4, [p2+0]; " + Read + "a5, [p3+0]; " + Read + "a6, [p2+2048]; " + Read + "a7, [p3+2048]; " +
        Read + "a8, [p0+128]; " + Read + "a9, [p1+128]; " + Read + "a10, [p0+2176]; " + Read + "a11, [p1+2176]; " +
        Read + "a12, [p2+128]; " + Read + "a13, [p3+128]; " + Read + "a14, [p2+2176]; " + Read + "a15, [p3+2176]; " +
        Read + "b0, [q0+0]; " + Read + "b1, [q0+2048]; " + Read + "b2, [q1+0]; " + Read + "b3, [q1+2048]; " +
        Read + "b4, [q2+0]; " + Read + "b5, [q2+2048]; " + Read + "b6, [q3+0]; " + Read + "b7, [q3+2048]; " +
        Read + "b8, [q0+128]; " + Read + "b9, [q0+2176]; " + Read + "b10, [q1+128]; " + Read + "b11, [q1+2176]; " +
        Read + "b12, [q2+128]; " + Read + "b13, [q2+2176]; " + Read + "b14, [q3+128]; " + Read + "b15, [q3+2176]; " +
        TensorTilePtx.ProductsTf32 + " }";

    private const string Read = "ld.shared.b32 ";
}
