using Puna.Engine.Text.Normalization;

namespace Puna.Engine.Tests.Text;

/// <summary>Cases of Unicode's own normalisation test and annex 15.</summary>
public class CanonicalCompositionTests
{
    [Theory]
    [InlineData("plain ASCII and é", "plain ASCII and é")]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("\u2126", "\u03a9")]
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1e0b\u0323", "\u1e0d\u0307")]
    [InlineData("d\u0307\u0323", "\u1e0d\u0307")]
    [InlineData("\u1e9b\u0323", "\u1e9b\u0323")]
    [InlineData("a\u0308\u0304", "\u01df")]
    [InlineData("a\u0304\u0308", "\u0101\u0308")]
    [InlineData("\u1100\u1161", "\uac00")]
    [InlineData("\u1100\u1161\u11a8", "\uac01")]
    [InlineData("\uac00\u11a8", "\uac01")]
    [InlineData("\uac01\u11a8", "\uac01\u11a8")]
    [InlineData("\u1100\uac00\u1161", "\u1100\uac00\u1161")]
    [InlineData("\u0301e", "\u0301e")]
    [InlineData("\ud804\udd31\ud804\udd27", "\ud804\udd2e")]
    [InlineData("\ud834\udd5e", "\ud834\udd57\ud834\udd65")]
    [InlineData("\uf900", "\u8c48")]
    [InlineData("\ufb01", "\ufb01")]
    [InlineData("a\u0301b\u0316\u0301\u0315", "\u00e1b\u0316\u0301\u0315")]
    public void Form_c_of_a_text(string text, string expected)
    {
        Assert.Equal(expected, CanonicalComposition.Normalize(text));
        Assert.Equal(expected, CanonicalComposition.Normalize(expected));
    }

    [Fact]
    public void A_million_marks_are_ordered_in_linear_time_and_kept()
    {
        var text = "a" + string.Concat(Enumerable.Repeat("\u0301\u0323", 500_000));
        var normal = CanonicalComposition.Normalize(text);

        // The first dot below joins the letter; the others come before all acute accents.
        Assert.Equal(text.Length - 1, normal.Length);
        Assert.Equal("\u1ea1\u0323", normal[..2]);
        Assert.Equal('\u0301', normal[^1]);
    }
}
