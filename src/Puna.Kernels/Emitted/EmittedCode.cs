using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Emitted;

/// <summary>
/// Whether this process may use loops written as machine code at run time, for one instruction that .NET 10 does not
/// offer: the 512-bit vpdpbusd of AVX-512 VNNI. Without them, whatever the reason, the managed kernels compute the same
/// bits.
/// </summary>
internal static class EmittedCode
{
    /// <summary>Set to 0, this environment variable keeps a process to the managed kernels.</summary>
    public const string Switch = "PUNA_EMITTED";

    /// <summary>
    /// False on another processor or system than Linux on x86-64 with AVX-512 VNNI, and when wide vectors or emitted
    /// code are switched off.
    /// </summary>
    public static bool IsWanted { get; } =
        Allows(Dispatch.Level, Environment.GetEnvironmentVariable(Switch)) && HasByteDots;

    /// <summary>What the level of the kernels and the value of <see cref="Switch"/> allow.</summary>
    public static bool Allows(KernelLevel level, string? setting) =>
        level == KernelLevel.Avx512 && setting != "0";

    private static bool HasByteDots
    {
        get
        {
            if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported)
            {
                return false;
            }

            // Leaf 7, ecx bit 11: AVX512_VNNI. That the level is AVX-512 says that the system saves the registers.
            var (largest, _, _, _) = X86Base.CpuId(0, 0);
            return largest >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
        }
    }
}
