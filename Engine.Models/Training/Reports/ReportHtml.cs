using System.Net;
using System.Text;

namespace Engine.Models.Training.Reports;

/// <summary>Pieces of the page that several parts of a report are made of.</summary>
internal static class ReportHtml
{
    /// <summary>Text that is shown as it is.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Appends a picture, with its content inside the page.</summary>
    /// <param name="html">The page.</param>
    /// <param name="file">The bytes of a PNG or SVG file.</param>
    /// <param name="isSvg">Which of both it is.</param>
    /// <param name="text">What a screen reader says.</param>
    public static void AppendImage(StringBuilder html, ReadOnlySpan<byte> file, bool isSvg, string text) =>
        html.Append($"<img{(isSvg ? " class=\"drawn\"" : "")} alt=\"{Escape(text)}\" ")
            .Append($"src=\"data:image/{(isSvg ? "svg+xml" : "png")};base64,")
            .Append(Convert.ToBase64String(file)).Append("\">");
}
