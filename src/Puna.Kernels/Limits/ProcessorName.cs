using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Puna.Kernels.Limits;

/// <summary>What the processor calls itself, so that a figure can name the machine it belongs to.</summary>
internal static class ProcessorName
{
    private const int BrandLeaf = unchecked((int)0x80000002);
    private const int BrandLeaves = 3;

    /// <summary>
    /// The brand string, with family and model where the processor tells them: virtual machines often hide the rest.
    /// Without CPUID the architecture alone.
    /// </summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        if (!X86Base.IsSupported)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var brand = new StringBuilder();
        for (var leaf = 0; leaf < BrandLeaves; leaf++)
        {
            var (a, b, c, d) = X86Base.CpuId(BrandLeaf + leaf, 0);
            foreach (var word in (int[])[a, b, c, d])
            {
                for (var shift = 0; shift < 32; shift += 8)
                {
                    var letter = (char)(byte)(word >> shift);
                    if (letter != 0)
                    {
                        brand.Append(letter);
                    }
                }
            }
        }

        // Extended family and model count only with the largest base family (AMD), the model also with family 6 (Intel).
        var signature = X86Base.CpuId(1, 0).Eax;
        var family = (signature >> 8) & 15;
        var model = (signature >> 4) & 15;
        model += family is 6 or 15 ? (signature >> 12) & 0xF0 : 0;
        family += family == 15 ? (signature >> 20) & 0xFF : 0;
        return $"{brand.ToString().Trim()} (family {family}, model {model})";
    }
}
