using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Safetensors;

/// <summary>Sizes and names of the <see cref="SafetensorsType"/>s.</summary>
internal static class SafetensorsTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this SafetensorsType type) =>
        type switch
        {
            SafetensorsType.Bool or SafetensorsType.U8 or SafetensorsType.I8 => 1,
            SafetensorsType.U16
            or SafetensorsType.I16
            or SafetensorsType.F16
            or SafetensorsType.BF16 => 2,
            SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.F32 => 4,
            _ => 8,
        };

    /// <summary>The name in a file's header, e.g. <c>BF16</c>.</summary>
    public static string Id(this SafetensorsType type) =>
        type == SafetensorsType.Bool ? "BOOL" : type.ToString();

    /// <summary>The type of a name in a file's header, or null when it is unknown (such as F8_E4M3).</summary>
    public static SafetensorsType? Parse(string id)
    {
        foreach (var type in Enum.GetValues<SafetensorsType>())
        {
            if (type.Id() == id)
            {
                return type;
            }
        }

        return null;
    }

    /// <summary>The coding of model weights of that type, or null when weights cannot have it.</summary>
    public static WeightFormat? Format(this SafetensorsType type) =>
        type switch
        {
            SafetensorsType.F32 => WeightFormats.F32,
            SafetensorsType.F16 => WeightFormats.F16,
            SafetensorsType.BF16 => WeightFormats.BF16,
            _ => null,
        };

    /// <summary>The type in which a file holds weights of a format, or null when it cannot.</summary>
    public static SafetensorsType? Of(WeightFormat format)
    {
        foreach (var type in Enum.GetValues<SafetensorsType>())
        {
            if (type.Format() == format)
            {
                return type;
            }
        }

        return null;
    }
}
